use seaworthy::prelude::*;

/// The maximum number of items per page.
pub const MAX_LIMIT: u32 = 100;
/// The number of items per page that clients do not set.
const DEFAULT_LIMIT: u32 = 20;

/// The query of a list: `page` from 1, and `limit`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PageRequest {
    page: Option<u32>,
    limit: Option<u32>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The items of the page.
    pub items: Vec<T>,
    /// The place of the page in the list.
    pub pagination: Pagination,
}

/// The place of a page in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pagination {
    /// The number of items in the list.
    pub total: u64,
    /// The page, from 1.
    pub page: u32,
    /// The maximum number of items per page.
    pub limit: u32,
    /// The number of pages.
    pub pages: u64,
}

impl PageRequest {
    /// Returns the page and the limit.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a page below 1, and for a limit below 1 or above 100.
    pub fn checked(self) -> Result<CheckedPage, Error> {
        let (page, limit) = (self.page.unwrap_or(1), self.limit.unwrap_or(DEFAULT_LIMIT));
        let mut fields = Vec::new();
        if page == 0 {
            fields.push(seaworthy::core::FieldViolation::new(
                "page",
                "must be at least 1",
            ));
        }
        if !(1..=MAX_LIMIT).contains(&limit) {
            let problem = format!("must be from 1 to {MAX_LIMIT}");
            fields.push(seaworthy::core::FieldViolation::new("limit", problem));
        }
        if !fields.is_empty() {
            return Err(Error::invalid(fields));
        }
        Ok(CheckedPage { page, limit })
    }
}

/// A valid page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckedPage {
    page: u32,
    /// The maximum number of items.
    pub limit: u32,
}

impl CheckedPage {
    /// Returns the number of items before the page.
    #[must_use]
    pub fn offset(self) -> u64 {
        u64::from(self.page - 1) * u64::from(self.limit)
    }

    /// Returns the page with its items, of a list with `total` items.
    #[must_use]
    pub fn of<T>(self, items: Vec<T>, total: u64) -> Page<T> {
        let pagination = Pagination {
            total,
            page: self.page,
            limit: self.limit,
            pages: total.div_ceil(u64::from(self.limit)),
        };
        Page { items, pagination }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(page: Option<u32>, limit: Option<u32>) -> PageRequest {
        PageRequest { page, limit }
    }

    #[test]
    fn pages_have_limits_and_totals_api_3() {
        let page = request(Some(3), Some(10)).checked().unwrap();
        assert_eq!((page.offset(), page.limit), (20, 10));
        assert_eq!(page.of(vec![1], 21).pagination.pages, 3);
        assert_eq!(request(None, None).checked().unwrap().limit, 20);
        let error = request(Some(0), Some(101)).checked().unwrap_err();
        assert_eq!(error.fields().len(), 2);
    }
}
