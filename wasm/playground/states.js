// The diagrams of core/docs/states.md: from, to, by what input. Printed by `BLESS=1 cargo test -p switchover-tests --test generated`; do not edit.
export const STATES = {
  "client": {
    "directions": [
      [
        "open_closed",
        "closed_closed",
        "abandon, drain limit, response, response end"
      ],
      [
        "open_closed",
        "failed_closed",
        "fail"
      ],
      [
        "open_closed",
        "switched_closed",
        "101, 101 early"
      ],
      [
        "open_open",
        "closed_closed",
        "abandon, close after response, drain limit, end, response, response end"
      ],
      [
        "open_open",
        "failed_closed",
        "fail"
      ],
      [
        "open_open",
        "open_closed",
        "abandon, response"
      ],
      [
        "open_open",
        "switched_open",
        "101, 101 early"
      ],
      [
        "open_open",
        "switched_switched",
        "101, 101 early, response"
      ],
      [
        "switched_open",
        "switched_closed",
        "abandon"
      ],
      [
        "switched_open",
        "switched_switched",
        "request end"
      ],
      [
        "switched_switched",
        "open_open",
        "resume"
      ]
    ],
    "exchange": [
      [
        "body_body",
        "body_done",
        "response end"
      ],
      [
        "body_body",
        "done_body",
        "request end"
      ],
      [
        "body_done",
        "done_done",
        "request end"
      ],
      [
        "body_idle",
        "body_body",
        "response"
      ],
      [
        "body_idle",
        "body_done",
        "response"
      ],
      [
        "body_idle",
        "done_idle",
        "request end"
      ],
      [
        "done_body",
        "done_done",
        "response end"
      ],
      [
        "done_done",
        "body_idle",
        "request"
      ],
      [
        "done_done",
        "done_idle",
        "request"
      ],
      [
        "done_idle",
        "done_body",
        "response"
      ],
      [
        "done_idle",
        "done_done",
        "response"
      ],
      [
        "idle_idle",
        "body_idle",
        "request"
      ],
      [
        "idle_idle",
        "done_idle",
        "request"
      ]
    ],
    "upgrade": [
      [
        "agreed",
        "resumed",
        "resume"
      ],
      [
        "connect",
        "agreed",
        "response"
      ],
      [
        "connect",
        "declined",
        "abandon, drain limit, fail, response"
      ],
      [
        "declined",
        "connect",
        "request"
      ],
      [
        "declined",
        "none",
        "request"
      ],
      [
        "declined",
        "offered",
        "request"
      ],
      [
        "none",
        "connect",
        "request"
      ],
      [
        "none",
        "offered",
        "request"
      ],
      [
        "offered",
        "agreed",
        "101, 101 early"
      ],
      [
        "offered",
        "declined",
        "abandon, drain limit, fail, response"
      ],
      [
        "resumed",
        "connect",
        "request"
      ],
      [
        "resumed",
        "none",
        "request"
      ],
      [
        "resumed",
        "offered",
        "request"
      ]
    ]
  },
  "server": {
    "directions": [
      [
        "closed_open",
        "closed_closed",
        "abandon, response, response end"
      ],
      [
        "failed_open",
        "failed_closed",
        "abandon, response, response end"
      ],
      [
        "open_closed",
        "closed_closed",
        "abandon, drain limit, end, request end"
      ],
      [
        "open_closed",
        "failed_closed",
        "fail"
      ],
      [
        "open_open",
        "closed_closed",
        "abandon, close after response, drain limit, end, response, response end"
      ],
      [
        "open_open",
        "closed_open",
        "drain limit, reject"
      ],
      [
        "open_open",
        "failed_closed",
        "fail"
      ],
      [
        "open_open",
        "failed_open",
        "fail"
      ],
      [
        "open_open",
        "open_closed",
        "response, response end"
      ],
      [
        "open_open",
        "open_switched",
        "101 early"
      ],
      [
        "open_open",
        "switched_switched",
        "101, 101 early, preface, response"
      ],
      [
        "open_switched",
        "closed_switched",
        "abandon, drain limit"
      ],
      [
        "open_switched",
        "failed_switched",
        "fail"
      ],
      [
        "open_switched",
        "switched_switched",
        "request end"
      ],
      [
        "switched_switched",
        "open_open",
        "resume"
      ]
    ],
    "exchange": [
      [
        "body_body",
        "body_done",
        "response end"
      ],
      [
        "body_body",
        "done_body",
        "request end"
      ],
      [
        "body_done",
        "done_done",
        "request end"
      ],
      [
        "body_idle",
        "body_body",
        "response"
      ],
      [
        "body_idle",
        "body_done",
        "response"
      ],
      [
        "body_idle",
        "done_idle",
        "request end"
      ],
      [
        "done_body",
        "done_done",
        "response end"
      ],
      [
        "done_done",
        "body_idle",
        "request"
      ],
      [
        "done_done",
        "done_idle",
        "request"
      ],
      [
        "done_idle",
        "done_body",
        "response"
      ],
      [
        "done_idle",
        "done_done",
        "response"
      ],
      [
        "idle_idle",
        "body_idle",
        "request"
      ],
      [
        "idle_idle",
        "done_idle",
        "request"
      ]
    ],
    "upgrade": [
      [
        "agreed",
        "resumed",
        "resume"
      ],
      [
        "connect",
        "agreed",
        "response"
      ],
      [
        "connect",
        "declined",
        "abandon, fail, response"
      ],
      [
        "declined",
        "connect",
        "request"
      ],
      [
        "declined",
        "none",
        "fail, reject, request"
      ],
      [
        "declined",
        "offered",
        "request"
      ],
      [
        "none",
        "agreed",
        "preface"
      ],
      [
        "none",
        "connect",
        "request"
      ],
      [
        "none",
        "offered",
        "request"
      ],
      [
        "offered",
        "agreed",
        "101, 101 early"
      ],
      [
        "offered",
        "declined",
        "abandon, drain limit, fail, response"
      ],
      [
        "resumed",
        "connect",
        "request"
      ],
      [
        "resumed",
        "none",
        "fail, reject, request"
      ],
      [
        "resumed",
        "offered",
        "request"
      ]
    ]
  }
};
