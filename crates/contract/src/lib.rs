//! What generated contracts need at run time.
