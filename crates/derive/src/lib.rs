//! The macros of `seaworthy::mask` and `seaworthy::data`. Use them from the facade.

mod mask;
mod row;
mod statement;

use proc_macro::TokenStream;
use syn::{Error, ItemStruct, parse_macro_input};

/// Implements `MakeSensitive` for a struct with named fields.
///
/// | Attribute of a field | Effect |
/// | --- | --- |
/// | `#[sensitive(email)]`, or `phone`, `name`, `id_card`, `bank_card`, `address`, `other` | masks by this kind |
/// | `#[sensitive(keep_start = 1, keep_end = 2, mask_char = '#')]` | keeps characters at both ends |
/// | `#[sensitive(redact)]` | replaces the whole value |
/// | `#[sensitive(nested)]` | masks the fields of the value |
///
/// `#[sensitive(path = some::mask)]` on the struct names the module, by default `seaworthy::mask`.
#[proc_macro_derive(MakeSensitive, attributes(sensitive))]
pub fn make_sensitive(input: TokenStream) -> TokenStream {
    let item = parse_macro_input!(input as ItemStruct);
    code_or_error(mask::implementation(&item))
}

/// Implements `FromRow` for a struct with named fields. A field has the value of the column with
/// its name.
///
/// | Attribute of a field | Effect |
/// | --- | --- |
/// | `#[from_row(column = "name")]` | reads another column |
/// | `#[from_row(with = function)]` | calls `function(row, column)`, a `fn(&Row, &str) -> Result<T, DataError>` |
/// | `#[from_row(map = function)]` | passes the value of the column to `function` |
/// | `#[from_row(flatten)]` | reads the columns of the type of the field, which implements `FromRow` |
/// | `#[from_row(default)]` | reads no column: the field has its default value until the service sets it |
#[proc_macro_derive(FromRow, attributes(from_row))]
pub fn from_row(input: TokenStream) -> TokenStream {
    let item = parse_macro_input!(input as ItemStruct);
    code_or_error(row::implementation(&item))
}

/// Returns a statement, and binds the expressions in braces. `{{` and `}}` are braces, and
/// `{now_us}` stays: it is the time of the database.
///
/// A `?` after the last expression takes a value of `bind`. An expression after a `?` does not
/// compile, because `?` would take its value.
///
/// Several literals are one text. A text of an engine follows as `mysql: "…"`, with the same
/// expressions.
#[proc_macro]
pub fn sql(input: TokenStream) -> TokenStream {
    let statement = parse_macro_input!(input as statement::Literals);
    code_or_error(statement.code())
}

fn code_or_error(code: syn::Result<TokenStream>) -> TokenStream {
    code.unwrap_or_else(|error: Error| error.to_compile_error().into())
}
