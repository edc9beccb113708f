use super::{EventError, StateName};

const DEFAULT: u32 = 20;
const LARGEST: u32 = 100;

/// How many are on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageSize(u32);

impl PageSize {
    /// As a query says it: what is no number from 1 on is no wish, and more than 100 is 100.
    pub(crate) fn of_query(text: Option<&str>) -> Self {
        let wish = text.and_then(|text| text.parse::<i64>().ok());
        match wish {
            Some(wish) if wish >= 1 => {
                Self(u32::try_from(wish.min(LARGEST.into())).unwrap_or(LARGEST))
            }
            _ => Self(DEFAULT),
        }
    }

    /// As a call says it: 0 is no wish.
    pub(crate) fn of_call(wish: u32) -> Self {
        Self(if wish == 0 {
            DEFAULT
        } else {
            wish.min(LARGEST)
        })
    }

    pub(crate) const fn get(self) -> u32 {
        self.0
    }
}

/// A page of a list that is counted.
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

/// Which of one's own events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnPage {
    /// None for all but canceled ones.
    pub(crate) state: Option<StateName>,
    pub(crate) window: Window,
}

impl OwnPage {
    /// As a query says it.
    ///
    /// # Errors
    /// There is no such state.
    pub(crate) fn new(state: &str, page: u32, size: PageSize) -> Result<Self, EventError> {
        let state = match state {
            "" => None,
            name => Some(StateName::named(name).ok_or(EventError::query("status"))?),
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
    fn a_page_has_20_events_or_as_many_as_are_asked_for_up_to_100() {
        let sizes = [
            None,
            Some("x"),
            Some("0"),
            Some("-1"),
            Some("2"),
            Some("100"),
            Some("101"),
        ];
        let sizes = sizes.map(|text| PageSize::of_query(text).get());
        assert_eq!(sizes, [20, 20, 20, 20, 2, 100, 100]);
    }

    #[test]
    fn pages_are_counted_from_one() {
        let offset = |page| {
            let own = OwnPage::new("", page, PageSize::of_call(10)).unwrap();
            own.window.offset()
        };
        assert_eq!([0, 1, 2, 3].map(offset), [0, 0, 10, 20]);
        assert!(OwnPage::new("cancelled", 1, PageSize::of_call(0)).is_err());
    }
}
