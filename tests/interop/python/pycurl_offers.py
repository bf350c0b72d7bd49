"""`pycurl` with a new libcurl: one GET that offers h2c."""

import sys

import pycurl

handle = pycurl.Curl()
handle.setopt(pycurl.URL, sys.argv[1])
handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2_0)
handle.setopt(pycurl.NOPROXY, "*")
handle.setopt(pycurl.TIMEOUT, 15)
handle.perform()
