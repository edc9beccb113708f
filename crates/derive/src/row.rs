use proc_macro::TokenStream;
use syn::{Error, Field, Fields, ItemStruct, LitStr, Path, Result, spanned::Spanned as _};

/// The attribute of fields.
const ATTRIBUTE: &str = "from_row";
const MODULE: &str = "::seaworthy::data";

/// How a field gets its value.
#[derive(Default)]
struct Source {
    column: Option<String>,
    with: Option<Path>,
    map: Option<Path>,
    is_flat: bool,
    is_default: bool,
}

pub(crate) fn implementation(item: &ItemStruct) -> Result<TokenStream> {
    let Fields::Named(fields) = &item.fields else {
        let problem = "FromRow needs a struct with named fields";
        return Err(Error::new(item.ident.span(), problem));
    };
    if !item.generics.params.is_empty() {
        let problem = "FromRow does not support parameters of types";
        return Err(Error::new(item.generics.span(), problem));
    }
    let mut values = String::new();
    for field in &fields.named {
        if let Some(name) = &field.ident {
            let shown = name.to_string();
            let value = value(field, shown.trim_start_matches("r#"))?;
            values.push_str(&format!("{name}: {value},"));
        }
    }
    let name = &item.ident;
    let code = format!(
        "impl {MODULE}::FromRow for {name} {{
            fn from_row(row: &{MODULE}::Row) -> ::core::result::Result<Self, {MODULE}::DataError> {{
                ::core::result::Result::Ok(Self {{ {values} }})
            }}
        }}"
    );
    code.parse()
        .map_err(|_| Error::new(name.span(), "the implementation cannot be generated"))
}

/// Returns the expression of a field.
fn value(field: &Field, name: &str) -> Result<String> {
    let source = source(field)?;
    let column = source.column.as_deref().unwrap_or(name);
    Ok(match (source.with, source.map) {
        _ if source.is_flat => format!("{MODULE}::FromRow::from_row(row)?"),
        _ if source.is_default => "::core::default::Default::default()".to_owned(),
        (Some(with), _) => format!("{}(row, {column:?})?", text(&with)),
        (None, Some(map)) => format!("{}(row.get({column:?})?)", text(&map)),
        (None, None) => format!("row.get({column:?})?"),
    })
}

fn source(field: &Field) -> Result<Source> {
    let mut source = Source::default();
    for attribute in &field.attrs {
        if attribute.path().is_ident(ATTRIBUTE) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("column") {
                    source.column = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if meta.path.is_ident("with") {
                    source.with = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("map") {
                    source.map = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("flatten") {
                    source.is_flat = true;
                } else if meta.path.is_ident("default") {
                    source.is_default = true;
                } else {
                    return Err(meta.error("use column, with, map, flatten or default"));
                }
                Ok(())
            })?;
        }
    }
    Ok(source)
}

fn text(path: &Path) -> String {
    let names = path.segments.iter().map(|part| part.ident.to_string());
    names.collect::<Vec<_>>().join("::")
}
