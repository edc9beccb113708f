use axum::extract::FromRequestParts;
use http::request::Parts;
use seaworthy_core::{Checks, Error};
use serde::{Deserialize, Serialize};

use crate::Query;

/// The maximum number of items per page.
pub const MAX_PAGE_LIMIT: u32 = 100;
/// The default number of items per page.
const DEFAULT_LIMIT: u32 = 20;

/// The query of a list: `page` from 1, and `limit`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PageRequest {
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
    fn checked(self) -> Result<CheckedPage, Error> {
        let (page, limit) = (self.page.unwrap_or(1), self.limit.unwrap_or(DEFAULT_LIMIT));
        let mut checks = Checks::new();
        checks.require("page", page > 0, "must be at least 1");
        checks.range("limit", limit, 1, MAX_PAGE_LIMIT);
        checks.finish()?;
        Ok(CheckedPage { page, limit })
    }
}

/// A valid page of a list, from the query: `page` from 1, and `limit` from 1 to 100, by default 20.
/// Handlers take it as an extractor.
///
/// ```
/// use seaworthy_http::{CheckedPage, Page};
///
/// async fn numbers(page: CheckedPage) -> String {
///     let found: Page<u32> = page.paginate((1..=21).collect());
///     format!("{:?} of {}", found.items, found.pagination.total)
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckedPage {
    page: u32,
    /// The maximum number of items.
    pub limit: u32,
}

impl<S: Send + Sync> FromRequestParts<S> for CheckedPage {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Query(request) = Query::<PageRequest>::from_request_parts(parts, state).await?;
        request.checked()
    }
}

impl<T> Page<T> {
    /// Returns the page with converted items.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(convert).collect(),
            pagination: self.pagination,
        }
    }

    /// Returns the page with converted items.
    ///
    /// # Errors
    /// The first error of the conversion.
    pub fn try_map<U, E>(self, convert: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let items = self.items.into_iter().map(convert);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            pagination: self.pagination,
        })
    }
}

impl CheckedPage {
    /// Returns the number of items before the page.
    #[must_use]
    pub fn offset(self) -> u64 {
        u64::from(self.page - 1) * u64::from(self.limit)
    }

    /// Returns the page of a list in memory.
    #[must_use]
    pub fn paginate<T>(self, all: Vec<T>) -> Page<T> {
        let total = all.len() as u64;
        let start = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        let items = all.into_iter().skip(start).take(self.limit as usize);
        self.into_page(items.collect(), total)
    }

    /// Returns the page with its items, of a list with `total` items.
    #[must_use]
    pub fn into_page<T>(self, items: Vec<T>, total: u64) -> Page<T> {
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
        assert_eq!(page.into_page(vec![1], 21).pagination.pages, 3);
        let part = page.paginate((1..=21).collect()).map(|number| number + 1);
        assert_eq!((part.items, part.pagination.total), (vec![22], 21));
        assert_eq!(request(None, None).checked().unwrap().limit, 20);
        let error = request(Some(0), Some(101)).checked().unwrap_err();
        assert_eq!(error.fields().len(), 2);
    }
}
