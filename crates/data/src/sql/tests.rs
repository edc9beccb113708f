use proptest::prelude::*;

use super::{Dialect, Lengths, Rewritten, split};
use crate::Engine;

fn rewrite(sql: &str, dialect: Dialect, lists: &[usize]) -> Rewritten {
    super::rewrite(sql, dialect, Lengths { lists, rows: 0 })
}

fn on(engine: Engine, sql: &str) -> String {
    rewrite(sql, Dialect(engine), &[2]).text
}

#[test]
fn placeholders_in_strings_and_comments_are_kept_data_4() {
    for (sql, postgres) in [
        ("SELECT ?, ?", "SELECT $1, $2"),
        ("SELECT '?', 'it''s ?', ?", "SELECT '?', 'it''s ?', $1"),
        (
            "SELECT \"a?\", \"b\"\"?\", ?",
            "SELECT \"a?\", \"b\"\"?\", $1",
        ),
        ("SELECT 1 -- ?\n, ?", "SELECT 1 -- ?\n, $1"),
        ("SELECT /* ? /* ? */ ? */ ?", "SELECT /* ? /* ? */ ? */ $1"),
        (
            "SELECT $$?$$, $a$ ? $$ $a$, ?",
            "SELECT $$?$$, $a$ ? $$ $a$, $1",
        ),
        ("SELECT E'\\'?', ?", "SELECT E'\\'?', $1"),
        ("SELECT nature'?', ?", "SELECT nature'?', $1"),
        ("SELECT a ?? 'b', ?", "SELECT a ? 'b', $1"),
        ("SELECT a IN (?*), ?", "SELECT a IN ($1, $2), $3"),
        ("SELECT 'open ?", "SELECT 'open ?"),
    ] {
        assert_eq!(on(Engine::Postgres, sql), postgres);
    }
    let mysql = "SELECT `?`, '\\', ? # ?\n, ?";
    assert_eq!(rewrite(mysql, Dialect(Engine::MySql), &[]).places, 2);
    let sqlite = "SELECT [?], '\\', ?";
    assert_eq!(rewrite(sqlite, Dialect(Engine::Sqlite), &[]).places, 1);
    assert_eq!(
        rewrite("a IN (?*)", Dialect(Engine::MySql), &[0]).text,
        "a IN (NULL)"
    );
}

#[test]
fn row_placeholders_repeat_for_each_row_data_4() {
    let sql = "INSERT INTO a (b, c, d) VALUES (?, lower(')**' || ?), {now_us})** -- )**\nRETURNING e IN (?*), ?";
    let lengths = Lengths {
        lists: &[2],
        rows: 3,
    };
    let rewritten = super::rewrite(sql, Dialect(Engine::Postgres), lengths);
    let now = Dialect(Engine::Postgres).now();
    let row = |first, second| format!("(${first}, lower(')**' || ${second}), {now})");
    let rows = [row(1, 2), row(3, 4), row(5, 6)].join(", ");
    assert_eq!(
        rewritten.text,
        format!("INSERT INTO a (b, c, d) VALUES {rows} -- )**\nRETURNING e IN ($7, $8), $9")
    );
    assert_eq!((rewritten.places, rewritten.row_places), (2, Some(2)));
    // The power operator of PostgreSQL after parentheses needs a space.
    assert_eq!(on(Engine::Postgres, "SELECT (2) ** 3"), "SELECT (2) ** 3");
}

#[test]
fn statement_has_operation_and_table_obs_6() {
    for (sql, operation, collection) in [
        (
            "SELECT id FROM symbols s JOIN b ON 1",
            "SELECT",
            Some("symbols"),
        ),
        (
            "insert into a.symbols (x) values (?)",
            "INSERT",
            Some("a.symbols"),
        ),
        ("UPDATE symbols SET from_x = ?", "UPDATE", Some("symbols")),
        (
            "DELETE FROM \"order\" WHERE id = ?",
            "DELETE",
            Some("order"),
        ),
        ("SELECT 1", "SELECT", None),
        (
            "/* x */ SELECT 1 FROM (SELECT 2 FROM inner_one)",
            "SELECT",
            Some("inner_one"),
        ),
    ] {
        let found = rewrite(sql, Dialect(Engine::Postgres), &[]);
        assert_eq!(found.operation, operation, "{sql}");
        assert_eq!(found.collection.as_deref(), collection, "{sql}");
    }
}

#[test]
fn statements_end_at_semicolons_that_are_outside_of_everything() {
    let parts = |sql| split(sql, Dialect(Engine::MySql));
    assert_eq!(parts("a; b ';' ; -- c;\n"), ["a", "b ';'"]);
    assert_eq!(parts(" ; ;"), Vec::<String>::new());
    let trigger = "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN IF x THEN SET y = CASE WHEN 1 THEN 2 END; END IF; SET z = 1; END";
    assert_eq!(parts(&format!("{trigger}; b")), [trigger, "b"]);
}

#[test]
fn now_us_is_replaced_outside_of_strings_data_1() {
    let sql = "SELECT {now_us} + ?, '{now_us}', {other}";
    assert_eq!(
        on(Engine::Postgres, sql),
        "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint + $1, '{now_us}', {other}"
    );
}

proptest! {
    #[test]
    fn any_text_is_read_to_its_end(sql in ".*") {
        for engine in Engine::ALL {
            let rewritten = rewrite(&sql, Dialect(engine), &[]);
            if !sql.contains(['?', '{']) {
                prop_assert_eq!(&rewritten.text, &sql);
            }
            let _ = split(&sql, Dialect(engine));
        }
    }
}
