//! Ends of programs: servers that survive their deadline, and pools that stay open.

use super::{GO, Sign, inside};
use crate::model::facts::Topic;

pub(super) const SIGNS: &[Sign] = &[inside(
    Topic::Cleanup,
    GO,
    r"(?P<what>case <-(?:\w+\.Done\(\)|time\.After\([^\n]*\))):",
    r"\.GracefulStop\(\)",
    r"\.Stop\(\)",
    "after `{}` the gRPC server is not stopped, because no code calls `Stop`",
)];
