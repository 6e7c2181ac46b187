"""From one orbit to another: Lambert's problem, pork chops, flybys, simple transfers."""
