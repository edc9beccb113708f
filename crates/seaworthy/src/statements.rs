//! Macros for statements and migrations.

/// Returns a statement that inserts rows, except those that exist.
///
/// ```
/// use seaworthy::data::insert_or_ignore;
///
/// let (student, trainer) = (7, 9);
/// let statement = insert_or_ignore!("contacts (student_id, trainer_id) VALUES ({student}, {trainer})");
/// # drop(statement);
/// ```
#[macro_export]
macro_rules! insert_or_ignore {
    ($rest:literal) => {
        ::seaworthy::data::sql!("INSERT INTO ", $rest, " ON CONFLICT DO NOTHING", mysql: "INSERT IGNORE INTO ", $rest)
    };
}

/// Returns a statement that locks the rows it reads until the transaction ends. SQLite has one lock
/// for all rows.
///
/// ```
/// use seaworthy::data::locked;
///
/// let id = 7;
/// let statement = locked!("SELECT id FROM doubts WHERE id = {id}");
/// # drop(statement);
/// ```
#[macro_export]
macro_rules! locked {
    ($($text:literal),+) => {
        ::seaworthy::data::sql!($($text,)+ " FOR UPDATE", sqlite: $($text),+)
    };
}

/// Declares a macro for statements that begin alike. The first argument of that macro is the macro
/// of the statement.
///
/// ```
/// use seaworthy::data::prelude::*;
///
/// statements! { doubt: "SELECT id, question FROM doubts " }
///
/// async fn lock(tx: &Transaction, id: i64) -> DataResult<Option<(i64, String)>> {
///     doubt!(locked, "WHERE id = {id}").fetch_optional(tx).await
/// }
/// # drop(lock);
/// ```
#[macro_export]
macro_rules! statements {
    ($name:ident: $start:literal) => {
        $crate::statements! { @ $name: $start, $ }
    };
    // The last token lets the new macro have parameters.
    (@ $name:ident: $start:literal, $dollar:tt) => {
        macro_rules! $name {
            ($dollar statement:ident, $dollar ($dollar rest:tt)*) => {
                $dollar statement!($start, $dollar ($dollar rest)*)
            };
        }
    };
}

/// Declares a migration: its number, its name, and the start of its two files, relative to the file
/// with the call.
#[macro_export]
macro_rules! migration {
    ($number:literal, $name:literal, $path:literal) => {
        ::seaworthy::data::Migration::new(
            $number,
            $name,
            include_str!(concat!($path, ".up.sql")),
            include_str!(concat!($path, ".down.sql")),
        )
    };
}
