"""One kernel: the sandbox it lives in, the fork server it comes from, and the client that talks to it."""
