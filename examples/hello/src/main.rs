//! The smallest service.

fn main() {}
