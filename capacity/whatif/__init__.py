"""What-if: patches on the inputs of a plan, what a patched plan comes to, and sweeps over parameters."""
