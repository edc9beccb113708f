//! Seaworthy: services that start, tell and stop right.
