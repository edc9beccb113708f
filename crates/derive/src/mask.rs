use proc_macro::TokenStream;
use syn::{
    Error, Field, Fields, Ident, ItemStruct, LitChar, LitInt, Path, Result, meta::ParseNestedMeta,
    spanned::Spanned as _,
};

/// The attribute of fields and structs.
const ATTRIBUTE: &str = "sensitive";
/// The kinds, as in attributes and as variants.
const KINDS: [(&str, &str); 7] = [
    ("email", "Email"),
    ("phone", "Phone"),
    ("name", "Name"),
    ("id_card", "IdCard"),
    ("bank_card", "BankCard"),
    ("address", "Address"),
    ("other", "Other"),
];

/// The rule of a field.
enum Rule {
    /// An expression of type `MaskRule`.
    Text(String),
    Nested,
}

pub(crate) fn implementation(item: &ItemStruct) -> Result<TokenStream> {
    let Fields::Named(fields) = &item.fields else {
        let problem = "MakeSensitive needs a struct with named fields";
        return Err(Error::new(item.ident.span(), problem));
    };
    if !item.generics.params.is_empty() {
        let problem = "MakeSensitive does not support parameters of types";
        return Err(Error::new(item.generics.span(), problem));
    }
    let module = module(item)?;
    let (mut declared, mut masks) = (String::new(), String::new());
    for field in &fields.named {
        let (Some(rule), Some(name)) = (rule(field, &module)?, &field.ident) else {
            continue;
        };
        match rule {
            Rule::Text(rule) => {
                let shown = name.to_string();
                let shown = shown.trim_start_matches("r#");
                declared.push_str(&format!(
                    "{module}::SensitiveField {{ name: {shown:?}, rule: {rule} }},"
                ));
                masks.push_str(&format!(
                    "{module}::MaskText::mask_text(&mut self.{name}, {rule});"
                ));
            }
            Rule::Nested => masks.push_str(&format!(
                "{module}::MakeSensitive::mask_fields(&mut self.{name});"
            )),
        }
    }
    let name = &item.ident;
    let code = format!(
        "impl {module}::MakeSensitive for {name} {{
            fn sensitive_fields() -> &'static [{module}::SensitiveField] {{ &[{declared}] }}
            fn mask_fields(&mut self) {{ {masks} }}
        }}"
    );
    code.parse()
        .map_err(|_| Error::new(name.span(), "the implementation cannot be generated"))
}

/// Returns the path of the module with the trait.
fn module(item: &ItemStruct) -> Result<String> {
    let mut module = "::seaworthy::mask".to_owned();
    for attribute in &item.attrs {
        if attribute.path().is_ident(ATTRIBUTE) {
            attribute.parse_nested_meta(|meta| {
                if !meta.path.is_ident("path") {
                    return Err(meta.error("use #[sensitive(path = some::mask)]"));
                }
                let path: Path = meta.value()?.parse()?;
                let names = path.segments.iter().map(|part| part.ident.to_string());
                module = names.collect::<Vec<_>>().join("::");
                Ok(())
            })?;
        }
    }
    Ok(module)
}

fn rule(field: &Field, module: &str) -> Result<Option<Rule>> {
    let mut rule = None;
    for attribute in &field.attrs {
        if !attribute.path().is_ident(ATTRIBUTE) {
            continue;
        }
        let mut keep = Keep::default();
        attribute.parse_nested_meta(|meta| {
            if let Some(found) = keep.read(&meta)? {
                rule = Some(Rule::Text(found.expression(module)));
                return Ok(());
            }
            rule = Some(plain(&meta, module)?);
            Ok(())
        })?;
        if rule.is_none() {
            return Err(Error::new(
                attribute.span(),
                "name a kind, as in #[sensitive(email)]",
            ));
        }
    }
    Ok(rule)
}

fn plain(meta: &ParseNestedMeta<'_>, module: &str) -> Result<Rule> {
    let name = meta.path.get_ident().map(Ident::to_string);
    let name = name.unwrap_or_default();
    if name == "nested" {
        return Ok(Rule::Nested);
    }
    if name == "redact" {
        return Ok(Rule::Text(format!("{module}::MaskRule::Redact")));
    }
    let kind = KINDS.iter().find(|(kind, _)| *kind == name);
    let (_, variant) = kind.ok_or_else(|| {
        let kinds: Vec<_> = KINDS.iter().map(|(kind, _)| *kind).collect();
        meta.error(format!(
            "use one of {}, redact, nested, or keep_start, keep_end and mask_char",
            kinds.join(", ")
        ))
    })?;
    Ok(Rule::Text(format!(
        "{module}::MaskRule::Kind({module}::Kind::{variant})"
    )))
}

/// The lengths and the character of a rule.
#[derive(Clone, Copy)]
struct Keep {
    start: usize,
    end: usize,
    mask_char: char,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            start: 0,
            end: 0,
            mask_char: '*',
        }
    }
}

impl Keep {
    /// Reads a part of the rule. Returns the rule if the attribute is one of its parts.
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> Result<Option<Self>> {
        if meta.path.is_ident("keep_start") {
            self.start = meta.value()?.parse::<LitInt>()?.base10_parse()?;
        } else if meta.path.is_ident("keep_end") {
            self.end = meta.value()?.parse::<LitInt>()?.base10_parse()?;
        } else if meta.path.is_ident("mask_char") {
            self.mask_char = meta.value()?.parse::<LitChar>()?.value();
        } else {
            return Ok(None);
        }
        Ok(Some(*self))
    }

    fn expression(self, module: &str) -> String {
        let Self {
            start,
            end,
            mask_char,
        } = self;
        format!(
            "{module}::MaskRule::Keep {{ start: {start}, end: {end}, mask_char: {mask_char:?} }}"
        )
    }
}
