//! Programs that a service starts.

use super::{JVM, ONE_FUNCTION, Sign, inside};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[inside(
    Practice::Blocking,
    JVM,
    r"\.start\(\)[\s\S]{0,500}?(?P<what>\b(?:read\w*|\w+\.readLine|\w+\.readAllBytes|IOUtils\.toString|\w+\.lines)\([^;\n]*\))[\s\S]{0,700}?\.waitFor\(\s*\w+\s*,",
    ONE_FUNCTION,
    r"Thread|CompletableFuture|Executor|redirectOutput",
    "`{}` waits for the end of the program before its time limit starts",
)];
