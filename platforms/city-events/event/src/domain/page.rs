use super::{EventError, StateName};

const DEFAULT_PAGE_SIZE: u32 = 20;
const MAX_SIZE: u32 = 100;

/// Number of events on a page, from 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageSize(u32);

impl PageSize {
    /// Returns the page size of a query parameter: 20 for invalid text or a number below 1, and at
    /// most 100.
    pub(crate) fn from_query(text: Option<&str>) -> Self {
        let size = text.and_then(|text| text.parse::<i64>().ok());
        match size {
            Some(size) if size >= 1 => {
                Self(u32::try_from(size.min(MAX_SIZE.into())).unwrap_or(MAX_SIZE))
            }
            _ => Self(DEFAULT_PAGE_SIZE),
        }
    }

    /// Returns the page size of a gRPC request, where 0 selects the default.
    pub(crate) fn from_request(size: u32) -> Self {
        Self(if size == 0 {
            DEFAULT_PAGE_SIZE
        } else {
            size.min(MAX_SIZE)
        })
    }

    pub(crate) const fn get(self) -> u32 {
        self.0
    }
}

/// A page by number, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) page: u32,
    pub(crate) size: PageSize,
}

impl Window {
    pub(crate) fn offset(self) -> i64 {
        i64::from(self.page.saturating_sub(1)) * i64::from(self.size.get())
    }
}

/// Selects events of one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnPage {
    /// `None` selects all events except canceled ones.
    pub(crate) state: Option<StateName>,
    pub(crate) window: Window,
}

impl OwnPage {
    /// Returns the selection for query parameters. An empty state is `None`.
    ///
    /// # Errors
    /// The state is unknown.
    pub(crate) fn new(state: &str, page: u32, size: PageSize) -> Result<Self, EventError> {
        let state = match state {
            "" => None,
            name => Some(StateName::parse(name).ok_or(EventError::invalid_query("status"))?),
        };
        let page = page.max(1);
        Ok(Self {
            state,
            window: Window { page, size },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_size_defaults_to_20_and_is_at_most_100() {
        let sizes = [
            None,
            Some("x"),
            Some("0"),
            Some("-1"),
            Some("2"),
            Some("100"),
            Some("101"),
        ];
        let sizes = sizes.map(|text| PageSize::from_query(text).get());
        assert_eq!(sizes, [20, 20, 20, 20, 2, 100, 100]);
    }

    #[test]
    fn page_numbers_start_at_one() {
        let offset = |page| {
            let own = OwnPage::new("", page, PageSize::from_request(10)).unwrap();
            own.window.offset()
        };
        assert_eq!([0, 1, 2, 3].map(offset), [0, 0, 10, 20]);
        assert!(OwnPage::new("cancelled", 1, PageSize::from_request(0)).is_err());
    }
}
