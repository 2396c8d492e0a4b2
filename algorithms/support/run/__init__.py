"""One run of a tool: parameters as plain values, checks, memory, outputs as a set, and how layers look."""
