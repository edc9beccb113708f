//! Logs, metrics and traces that cost little and never block.
