use super::Attributes;

/// The default limit of the contract.
const DEFAULT_LIMIT: u32 = 20;

/// Conditions of a list. Both must match exactly.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) label: Option<String>,
    pub(crate) component_target: Option<String>,
}

/// Offset and limit of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) offset: u64,
    pub(crate) limit: u32,
}

impl Page {
    /// Creates a page. A limit of 0 is the default limit.
    pub(crate) fn new(offset: u64, limit: u32) -> Self {
        let limit = if limit == 0 { DEFAULT_LIMIT } else { limit };
        Self { offset, limit }
    }
}

/// One page of symbols in the order of their IDs, without their data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) page: Page,
    pub(crate) symbols: Vec<(u64, Attributes)>,
    /// Number of matching symbols on all pages.
    pub(crate) total: u64,
}

impl Listed {
    pub(crate) fn has_next(&self) -> bool {
        let shown = u64::try_from(self.symbols.len()).unwrap_or(u64::MAX);
        self.page.offset.saturating_add(shown) < self.total
    }

    pub(crate) fn has_previous(&self) -> bool {
        self.page.offset > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(offset: u64, shown: usize, total: u64) -> Listed {
        let attributes = Attributes {
            project_id: 1,
            uid: String::new(),
            label: String::new(),
            class_name: String::new(),
            component_target: String::new(),
            version: 1,
        };
        Listed {
            page: Page::new(offset, 0),
            symbols: vec![(1, attributes); shown],
            total,
        }
    }

    #[test]
    fn page_has_next_and_previous() {
        assert!(!listed(0, 0, 0).has_next());
        assert!(listed(0, 20, 21).has_next());
        assert!(!listed(1, 20, 21).has_next());
        assert!(!listed(0, 20, 21).has_previous());
        assert!(listed(1_000_000, 0, 21).has_previous());
        assert!(!listed(u64::MAX, 1, 21).has_next());
    }

    #[test]
    fn limit_of_zero_is_the_default() {
        assert_eq!(Page::new(0, 0).limit, 20);
        assert_eq!(Page::new(0, 1).limit, 1);
    }
}
