"""The HTTP service over a gallery: its routes, who may call them, what a request may cost, and a client."""
