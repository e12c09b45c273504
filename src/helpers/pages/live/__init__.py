"""The page "Your photograph, live": two families read a picture in the browser, without a server."""
