//! The functions that replace the bulk memory instructions of a module.

use std::collections::BTreeMap;

use wasmparser::{
    BinaryReader, CodeSectionReader, Error, FunctionBody, ImportSectionReader, Operator, TypeRef,
    TypeSectionReader,
};

use super::{MAX_PART, function::BulkFunction};
use crate::wasm::binary::{
    CODE, FUNCTIONS, IMPORTS, TYPES, number, put_content, put_number, put_section, sections,
};

/// The instruction that calls a function.
const CALL: u8 = 0x10;
/// The type of each [`BulkFunction`]: three parameters of the type `i32`, and no result.
const TYPE: [u8; 6] = [0x60, 3, 0x7f, 0x7f, 0x7f, 0];
/// The content of a section that a module does not have.
const NO_ITEMS: &[u8] = &[0];

/// As [`super::split`], for a module. It appends the functions, so the indexes of the others remain.
///
/// # Errors
/// The module cannot be read, or needs too many functions.
pub(super) fn split(module: &[u8], left: &mut usize) -> Result<Option<Vec<u8>>, String> {
    let (header, sections) = sections(module)?;
    let content = |wanted: u8| {
        let found = sections.iter().find(|(id, _)| *id == wanted);
        found.map_or(NO_ITEMS, |(_, content)| *content)
    };
    let (declared, _) = number(content(CODE)).ok_or("a section has no length")?;
    let mut added = Added {
        first: imported_functions(content(IMPORTS)).map_err(message)? + declared,
        indexes: BTreeMap::new(),
    };
    let mut items = Vec::with_capacity(content(CODE).len());
    let bodies = CodeSectionReader::new(BinaryReader::new(content(CODE), 0)).map_err(message)?;
    for body in bodies {
        let body = body.map_err(message)?;
        put_content(&mut items, &replace(&body, &mut added).map_err(message)?);
        if added.indexes.len() > *left {
            return Err("its memory.init instructions use too many data segments".to_owned());
        }
    }
    *left -= added.indexes.len();
    if added.indexes.is_empty() {
        return Ok(None);
    }
    let added = added.in_order();
    let type_index = count_types(content(TYPES)).map_err(message)?;
    let mut declarations = Vec::new();
    for function in &added {
        put_number(&mut declarations, type_index);
        items.extend_from_slice(&function.item()?);
    }
    let mut output = header.to_vec();
    for (id, content) in sections {
        let content = match id {
            TYPES => append(content, 1, &TYPE)?,
            FUNCTIONS => append(content, added.len(), &declarations)?,
            CODE => with_count(declared + added.len(), &[&items]),
            _ => content.to_vec(),
        };
        put_section(&mut output, id, &content);
    }
    Ok(Some(output))
}

/// The functions that a module gets.
struct Added {
    /// The index of the first one.
    first: usize,
    indexes: BTreeMap<BulkFunction, usize>,
}

impl Added {
    /// Returns the index of a function.
    fn index(&mut self, function: BulkFunction) -> usize {
        let next = self.first + self.indexes.len();
        *self.indexes.entry(function).or_insert(next)
    }

    /// Returns the functions in the order of their indexes.
    fn in_order(self) -> Vec<BulkFunction> {
        let mut functions: Vec<_> = self.indexes.into_iter().collect();
        functions.sort_unstable_by_key(|(_, index)| *index);
        functions
            .into_iter()
            .map(|(function, _)| function)
            .collect()
    }
}

/// Returns the code of a function with calls instead of bulk memory instructions. All other bytes
/// remain.
///
/// # Errors
/// The code cannot be read.
fn replace(body: &FunctionBody<'_>, added: &mut Added) -> Result<Vec<u8>, Error> {
    let (code, begin) = (body.as_bytes(), body.range().start);
    let mut output = Vec::with_capacity(code.len());
    let mut copied = 0;
    // The length of a bulk instruction after a constant. No branch ends between both.
    let mut constant = None;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        let is_short = constant.is_some_and(|length| length <= MAX_PART);
        if let Some(function) = BulkFunction::replacing(&operator).filter(|_| !is_short) {
            output.extend_from_slice(code.get(copied..offset - begin).unwrap_or_default());
            output.push(CALL);
            put_number(&mut output, added.index(function));
            copied = operators.original_position() - begin;
        }
        constant = match operator {
            Operator::I32Const { value } => Some(value.cast_unsigned()),
            _ => None,
        };
    }
    output.extend_from_slice(code.get(copied..).unwrap_or_default());
    Ok(output)
}

/// Returns the number of imported functions in a section with imports.
fn imported_functions(section: &[u8]) -> Result<usize, Error> {
    let imports = ImportSectionReader::new(BinaryReader::new(section, 0))?;
    let mut functions = 0;
    for import in imports.into_imports() {
        let is_function = matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
        functions += usize::from(is_function);
    }
    Ok(functions)
}

/// Returns the number of types in a section with types.
fn count_types(section: &[u8]) -> Result<usize, Error> {
    let groups = TypeSectionReader::new(BinaryReader::new(section, 0))?;
    let mut types = 0;
    for group in groups {
        types += group?.types().len();
    }
    Ok(types)
}

/// Returns the content of a section with `count` further items.
///
/// # Errors
/// The section has no number of items.
fn append(content: &[u8], count: usize, items: &[u8]) -> Result<Vec<u8>, String> {
    let (existing, rest) = number(content).ok_or("a section has no length")?;
    Ok(with_count(existing + count, &[rest, items]))
}

/// Returns a number of items and the items.
fn with_count(count: usize, items: &[&[u8]]) -> Vec<u8> {
    let mut content = Vec::new();
    put_number(&mut content, count);
    content.extend(items.concat());
    content
}

/// Returns the text of an error without its offset, which is that in a section.
fn message(error: Error) -> String {
    error.message().to_owned()
}
