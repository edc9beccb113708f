//! Macros for statements and migrations, which all services with a database share.

/// Returns a statement that inserts rows, except those that exist.
///
/// ```
/// use tutoring_identity::insert_or_ignore;
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
/// use tutoring_identity::locked;
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
