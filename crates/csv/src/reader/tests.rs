use std::fmt::Write as _;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Member {
    email: String,
    age: Option<u8>,
}

const COLUMNS: &[Column] = &[
    Column::required("email").alias(&["e_mail"]),
    Column::optional("age"),
];

type Rows = Vec<ParsedRow<Member>>;

fn read_all(text: &str, config: &CsvReaderConfig) -> Result<Rows, FileError> {
    let mut reader = CsvReader::new(COLUMNS, config, Delimiter::Detect);
    let mut rows = Vec::new();
    for piece in text.as_bytes().chunks(7) {
        reader.push(piece);
        while let Some(row) = reader.next_row()? {
            rows.push(row);
        }
    }
    reader.finish();
    while let Some(row) = reader.next_row()? {
        rows.push(row);
    }
    Ok(rows)
}

fn bad_rows(text: &str) -> Vec<(u64, Option<String>, Option<String>, String)> {
    let rows = read_all(text, &CsvReaderConfig::default()).unwrap();
    let bad = rows.into_iter().filter_map(Result::err).flatten();
    bad.map(|bad| (bad.line, bad.column, bad.value, bad.message))
        .collect()
}

#[test]
fn reader_maps_columns_by_header_file_1() {
    let text = "Age;E-Mail\n 41 ; mira@example.org\n;jo@example.org\n;;\n";
    let text = text.replace(";;\n", ";\n");
    let rows = read_all(&text, &CsvReaderConfig::default()).unwrap();
    let values: Vec<_> = rows.into_iter().map(|row| row.unwrap()).collect();
    assert_eq!(values.len(), 2);
    assert_eq!(values[0].value.age, Some(41));
    assert_eq!((values[1].line, values[1].value.age), (3, None));
    assert_eq!(values[1].value.email, "jo@example.org");
}

#[test]
fn bad_rows_name_line_column_and_masked_value_file_1() {
    let text = "email,age\na@b,1\nb@c,seventy\nc@d\nd@e,300\n\"'=cmd\",2\n";
    let bad = bad_rows(text);
    assert_eq!(bad.len(), 3, "{bad:?}");
    assert_eq!((bad[0].0, bad[0].1.as_deref()), (3, Some("age")));
    assert_eq!(bad[0].2.as_deref(), Some("s…y (7 characters)"));
    assert!(!bad[0].3.contains("seventy"), "{}", bad[0].3);
    assert_eq!((bad[1].0, bad[1].1.as_deref()), (4, None));
    assert!(bad[1].3.contains("1 fields"), "{}", bad[1].3);
    assert_eq!(bad[2].0, 5);
    let rows = read_all(text, &CsvReaderConfig::default()).unwrap();
    let last = rows.into_iter().next_back().unwrap().unwrap();
    assert_eq!(last.value.email, "=cmd");
}

#[derive(Debug, Deserialize)]
struct Meeting {
    #[serde(deserialize_with = "even")]
    room: u8,
    at: Kind,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Day,
}

fn even<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let number = u8::deserialize(deserializer)?;
    match number % 2 {
        0 => Ok(number),
        _ => Err(serde::de::Error::custom("the room is not even")),
    }
}

#[test]
fn own_types_name_their_column_file_1() {
    const COLUMNS: &[Column] = &[Column::required("at"), Column::required("room")];
    let config = CsvReaderConfig::default();
    let mut reader = CsvReader::<Meeting>::new(COLUMNS, &config, Delimiter::Comma);
    reader.push(b"at,room\nday,2\nday,3\nnight,2\n");
    reader.finish();
    let good = reader.next_row().unwrap().unwrap().unwrap();
    assert!(good.value.room == 2 && matches!(good.value.at, Kind::Day));
    let bad = reader.next_row().unwrap().unwrap().unwrap_err();
    assert_eq!(bad[0].column.as_deref(), Some("room"));
    assert_eq!(bad[0].message, "the room is not even");
    let bad = reader.next_row().unwrap().unwrap().unwrap_err();
    assert_eq!(bad[0].column.as_deref(), Some("at"));
    assert!(!bad[0].message.contains("night"), "{}", bad[0].message);
}

#[test]
fn unclosed_quote_at_the_end_is_a_bad_row_file_1() {
    let bad = bad_rows("email,age\na@b,1\n\"c@d,2\ne@f,3\n");
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0].0, 3);
    assert!(bad[0].3.contains("quote"), "{}", bad[0].3);
}

#[test]
fn wrong_headers_say_which_columns_to_use_file_1() {
    let fails = |text| {
        read_all(text, &CsvReaderConfig::default())
            .unwrap_err()
            .to_string()
    };
    assert!(fails("").contains("email, age"));
    assert!(fails("\n\n").contains("email, age"));
    assert!(fails("age\n1\n").contains("lacks email"));
    assert!(fails("email,Alter\nx,1\n").contains("column 2"));
    assert!(fails("email,e-mail\nx,1\n").contains("email twice"));
}

#[test]
fn files_beyond_row_limits_are_rejected_file_1() {
    let config = CsvReaderConfig {
        max_rows: 3.try_into().unwrap(),
        max_field_size: seaworthy_core::ByteSize::bytes(10),
        ..CsvReaderConfig::default()
    };
    let read = |text: &str| read_all(text, &config);
    assert_eq!(read("email\na\nb\nc\n").unwrap().len(), 3);
    assert_eq!(
        read("email\na\nb\nc\nd\n").unwrap_err(),
        FileError::TooManyRows(3)
    );
    let rows = read("email\n12345678901\nb\n").unwrap();
    assert!(rows[0].is_err() && rows[1].is_ok());
}

proptest! {
    #[test]
    fn every_bad_row_is_reported_with_its_line_file_1(
        rows in prop::collection::vec((any::<bool>(), 0_usize..3), 0..30),
    ) {
        let mut text = "email,age\n".to_owned();
        let (mut line, mut expected) = (2, Vec::new());
        for (is_bad, breaks) in &rows {
            let breaks = "\n".repeat(*breaks);
            writeln!(text, "\"a{breaks}b\",{}", if *is_bad { "x" } else { "1" }).unwrap();
            if *is_bad {
                expected.push(line);
            }
            line += 1 + breaks.len() as u64;
        }
        let bad: Vec<_> = bad_rows(&text).into_iter().map(|bad| bad.0).collect();
        prop_assert_eq!(bad, expected);
    }

    #[test]
    fn any_text_is_read_or_rejected_file_1(text in ".{0,200}") {
        let _ = read_all(&text, &CsvReaderConfig::default());
        let _ = read_all(&format!("email,age\n{text}"), &CsvReaderConfig::default());
    }
}
