//! The database's own clock in microseconds since 1970. Macros, because the text of a statement has to be a constant.

macro_rules! postgres_now {
    () => {
        "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint"
    };
}

macro_rules! mysql_now {
    () => {
        "CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)"
    };
}

macro_rules! sqlite_now {
    () => {
        "CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)"
    };
}

/// A statement whose only difference between engines is their word for now, which stands between the parts.
macro_rules! sql_with_now {
    ($first:literal $(, $rest:literal)*) => {
        seaworthy_data::sql("")
            .on_postgres(concat!($first $(, postgres_now!(), $rest)*))
            .on_mysql(concat!($first $(, mysql_now!(), $rest)*))
            .on_sqlite(concat!($first $(, sqlite_now!(), $rest)*))
    };
}

pub(super) use mysql_now;
pub(super) use postgres_now;
pub(super) use sql_with_now;
pub(super) use sqlite_now;
