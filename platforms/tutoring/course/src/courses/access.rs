use seaworthy::{data::chrono::Utc, prelude::*};

use crate::{errors, store::Purchase};

/// Sessions that each level opens.
const SESSIONS_OF_LEVEL: u8 = 10;
/// Every purchase opens the first level.
pub(super) const FIRST_LEVEL: u8 = 1;

/// Returns why a purchase does not open a level, or `None` if it does. Levels count from 1.
pub(crate) fn rejection(purchase: Option<&Purchase>, level: u8) -> Option<&'static str> {
    match purchase {
        None => Some("the course is not purchased"),
        Some(purchase) if purchase.expires_at.is_some_and(|end| end <= Utc::now()) => {
            Some("the purchase has expired")
        }
        Some(purchase) if purchase.purchase_tier < level * SESSIONS_OF_LEVEL => {
            Some("the level is not part of the purchase")
        }
        Some(_) => None,
    }
}

/// Requires that a purchase opens a level.
///
/// # Errors
/// `FORBIDDEN`.
pub(super) fn require_access(purchase: Option<&Purchase>, level: u8) -> Result<(), Error> {
    match rejection(purchase, level) {
        None => Ok(()),
        Some(reason) => Err(errors::no_access(reason)),
    }
}
