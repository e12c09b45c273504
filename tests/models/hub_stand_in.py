"""A stand-in for the Hugging Face hub and for a download page, on this machine."""

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Serves `files`, path -> bytes, as the hub does: commit and etag in the headers, ranges, 404.

    Attributes
    ----------
    asked
        (method, path, first byte) of every request.
    cut
        Close the connection after so many bytes of the next body; None sends all.
    """

    def __init__(self):
        self.files, self.asked, self.cut = {}, [], None
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self):
                self.answer(body=False)

            def do_GET(self):
                self.answer(body=True)

            def answer(self, body):
                found = re.match(r"bytes=(\d+)-", self.headers.get("Range") or "")
                first = int(found[1]) if found else 0
                hub.asked.append((self.command, self.path, first))
                content = hub.files.get(self.path)
                self.send_response(404 if content is None else 206 if found else 200)
                if content is None:
                    self.send_header("X-Error-Code", "EntryNotFound")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
                self.send_header("Accept-Ranges", "bytes")
                if found:
                    self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
                self.send_header("Content-Length", str(len(content) - first))
                self.end_headers()
                if body and hub.cut is not None:
                    self.wfile.write(content[first : first + hub.cut])
                    self.close_connection, hub.cut = True, None
                elif body:
                    self.wfile.write(content[first:])

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
