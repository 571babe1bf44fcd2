"""One kernel: the sandbox that it runs in, the fork server that it comes from, and the client that talks to it."""
