"""A recipe for Conan that takes the tarball of a release.

`conandata.yml` beside it names the tarball for each system. `ffi-c/packaging/conan/create` writes
that file for a tarball on disk.
"""

from pathlib import Path
from typing import ClassVar

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy, get


class Switchover(ConanFile):
    """The library, static or shared, in full or as `libswitchover-small`."""

    name = "switchover"
    description = "HTTP/1.1 connections that can become something else, an engine without I/O"
    license = "MIT OR Apache-2.0"
    topics = ("http", "upgrade", "websocket")
    package_type = "library"
    settings = "os", "arch"
    options: ClassVar = {"shared": [True, False], "small": [True, False]}
    default_options: ClassVar = {"shared": False, "small": False}

    @property
    def tarball(self):
        return self.conan_data["sources"][self.version].get(f"{self.settings.os}-{self.settings.arch}")

    def validate(self):
        if self.tarball is None:
            raise ConanInvalidConfiguration(f"no tarball is published for {self.settings.os} on {self.settings.arch}")
        if self.options.small and self.settings.os != "Linux":
            raise ConanInvalidConfiguration("the small flavour is made for Linux alone")

    def build(self):
        get(self, **self.tarball, strip_root=True)

    def package(self):
        built, into = Path(self.build_folder), Path(self.package_folder)
        copy(self, "*", built / "share/licenses/switchover", into / "licenses")
        copy(self, "*.h", built / "include", into / "include")
        flavour = "libswitchover-small" if self.options.small else "libswitchover"
        for kind in ("so*", "*dylib", "dll.a") if self.options.shared else ("a",):
            copy(self, f"{flavour}.{kind}", built / "lib", into / "lib")
        if self.options.shared:
            copy(self, "*.dll", built / "bin", into / "bin")

    def package_info(self):
        self.cpp_info.libs = ["switchover-small" if self.options.small else "switchover"]
        # The names of the files that a tarball's pkg-config and CMake have, too.
        self.cpp_info.set_property("cmake_file_name", "switchover")
        self.cpp_info.set_property("cmake_target_name", "switchover::switchover")
        self.cpp_info.set_property("pkg_config_name", "switchover")
        if self.settings.os == "Linux" and not self.options.shared and not self.options.small:
            self.cpp_info.system_libs = ["util", "rt", "pthread", "m", "dl"]
