"""The sandbox's world, called directly: business time as scripts, and every event of a step by name."""
