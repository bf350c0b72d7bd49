"""A reader of JUnit reports with `junitparser`.

It prints a line of JSON with the checks of each verdict.
"""

import json
import sys

from junitparser import Failure, JUnitXml, Skipped

found = {"passed": [], "failed": {}, "skipped": {}}
report = JUnitXml.fromfile(sys.argv[1])
for suite in report:
    for case in suite:
        check = case.name.partition(":")[0]
        if not case.result:
            found["passed"].append(check)
        for result in case.result:
            if isinstance(result, Failure):
                found["failed"][check] = {"message": result.message, "text": result.text}
            elif isinstance(result, Skipped):
                found["skipped"][check] = result.message
    found["counts"] = [suite.tests, suite.failures, suite.skipped]
print(json.dumps(found))
