//! The kernel: a service that starts, tells and stops right.
