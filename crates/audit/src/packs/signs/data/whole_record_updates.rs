//! Records of Spring that a mapper changes as a whole, without a version.

use super::{JVM, ONE_FUNCTION, Sign, inside};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[Sign {
    elsewhere: r"@Version\b|@DynamicUpdate\b|@OptimisticLocking\b",
    ..inside(
        Practice::SharedState,
        JVM,
        r"(?P<what>\b\w*[rR]epo(?:sitory)?\.(?:findById|getById|findOne|getReferenceById))\([\s\S]{0,1500}?\b(?:\w*[mM]apper|BeanUtils|ModelMapper)\.\w*(?:[uU]pdate|[cC]opy|[mM]erge|map)\w*\([^;]*;[\s\S]{0,600}?\.save(?:AndFlush)?\(",
        ONE_FUNCTION,
        r"(?i)pessimistic|optimistic|\block\b|for update",
        "`{}` reads a record that is stored as a whole, so a parallel change is lost",
    )
}];
