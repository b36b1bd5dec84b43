"""The billing portal: what its configuration allows, and what customers do on its pages."""
