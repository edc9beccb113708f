use seaworthy::data::prelude::*;
use tutoring_contract::{CheckedPage, Page};

/// A statement that reads a page, and the one that counts all rows.
#[derive(Debug)]
pub struct PagedStatement {
    page: CheckedPage,
    count: Statement,
    items: Statement,
}

impl PagedStatement {
    /// Creates the pair of statements. [`paged!`](crate::paged) calls it.
    #[must_use]
    pub const fn new(page: CheckedPage, count: Statement, items: Statement) -> Self {
        Self { page, count, items }
    }

    /// Reads the page.
    ///
    /// # Errors
    /// An error of the database, or a row of another form.
    pub async fn fetch<T: FromRow>(self, connection: &dyn Connection) -> DataResult<Page<T>> {
        let total: u64 = self.count.fetch_one(connection).await?;
        let items = self.items.fetch_all(connection).await?;
        Ok(self.page.into_page(items, total))
    }
}

/// Returns the statements of a page: the text without its order, the order, and the page.
///
/// ```
/// use tutoring_contract::CheckedPage;
/// use tutoring_identity::{PagedStatement, paged};
///
/// fn of_student(student: i64, page: CheckedPage) -> PagedStatement {
///     paged!("SELECT id FROM doubts WHERE student_id = {student}"; "ORDER BY id", page)
/// }
/// ```
#[macro_export]
macro_rules! paged {
    ($($text:literal),+; $order:literal, $page:expr) => {{
        let page = $page;
        $crate::PagedStatement::new(
            page,
            ::seaworthy::data::sql!("SELECT COUNT(*) FROM (", $($text,)+ ") AS counted"),
            ::seaworthy::data::sql!($($text,)+ " ", $order, " LIMIT {page.limit} OFFSET {page.offset()}"),
        )
    }};
}
