"""For each path on a line of its input, prints what Python's parsers read it as, tab-separated."""
import http.server
import posixpath
import sys
import urllib.parse


class Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self):
        self.directory = "/root-of-files"


def normal(path):
    clean = posixpath.normpath(path)
    return clean + "/" if path.endswith("/") and not clean.endswith("/") else clean


for line in sys.stdin:
    path = line.rstrip("\n")
    readings = [path, urllib.parse.unquote(path), urllib.parse.unquote_plus(path), urllib.parse.unquote(path, errors="ignore")]
    try:
        readings.append(urllib.parse.urlsplit(path).path)
        readings.append(urllib.parse.urlparse(path).path)
        readings.append(urllib.parse.urlparse(urllib.parse.urljoin("http://h/x/y", path)).path)
    except ValueError:
        pass
    readings.append(urllib.parse.unquote(urllib.parse.unquote(path)))
    readings += [normal(r) for r in readings]
    served = Handler().translate_path(path).removeprefix("/root-of-files")
    readings.append(served.removesuffix("/") + "/" if urllib.parse.unquote(path).endswith("/") else served)
    print("\t".join(ascii(r)[1:-1].replace("\\\\", "\\") if not r.isascii() else r for r in readings if "\n" not in r and "\t" not in r and "\r" not in r))
