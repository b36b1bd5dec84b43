"""Tests of the routes: who may call them, and what they answer."""
