"""The web face: pages for people, JSON for programs, mounted under one path."""
