use wasmparser::Operator;

use super::MAX_PART;
use crate::wasm::binary::{CODE, number, sections};

/// A function that does the work of a bulk memory instruction in parts. The engine checks the
/// deadline of the guest at the start of the function, and in each round of its loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BulkFunction {
    Copy,
    Fill,
    /// Copies from the data segment with this index.
    Init(u32),
}

impl BulkFunction {
    /// Returns the function that replaces an instruction. The engine permits only one memory.
    pub(super) fn replacing(operator: &Operator<'_>) -> Option<Self> {
        match operator {
            Operator::MemoryCopy {
                dst_mem: 0,
                src_mem: 0,
            } => Some(Self::Copy),
            Operator::MemoryFill { mem: 0 } => Some(Self::Fill),
            Operator::MemoryInit { data_index, mem: 0 } => Some(Self::Init(*data_index)),
            _ => None,
        }
    }

    /// Returns its size and its code, as an item of the section with code.
    ///
    /// # Errors
    /// Its text is not valid, which is an error of this crate.
    pub(super) fn item(self) -> Result<Vec<u8>, String> {
        let text = format!("(module (memory 1) {})", self.text());
        let module = wat::parse_str(text).map_err(|error| error.to_string())?;
        let (_, sections) = sections(&module)?;
        let code = sections.into_iter().find(|(id, _)| *id == CODE);
        let item = code.and_then(|(_, content)| number(content));
        let (_, item) = item.ok_or("a bulk function has no code")?;
        Ok(item.to_vec())
    }

    /// Returns the function in the text format. `$from` is the value of a fill. The last
    /// instruction is the one that the function replaces. It writes the last part, or the whole
    /// range if this is short. It traps if the range is out of bounds.
    fn text(self) -> String {
        let instruction = match self {
            Self::Copy => "memory.copy".to_owned(),
            Self::Fill => "memory.fill".to_owned(),
            Self::Init(segment) => format!("memory.init {segment}"),
        };
        let parts = match self {
            Self::Copy => copy(),
            Self::Fill => forward(&instruction, ""),
            Self::Init(_) => init(&instruction),
        };
        let outside = is_outside("$to");
        format!(
            "(func (param $to i32) (param $from i32) (param $length i32)
              (block $last
                (br_if $last (i32.le_u (local.get $length) (i32.const {MAX_PART})))
                (br_if $last {outside})
                {parts})
              ({instruction} (local.get $to) (local.get $from) (local.get $length)))"
        )
    }
}

/// Copies the last part first if a copy from the start would overwrite bytes before it reads them.
fn copy() -> String {
    let outside = is_outside("$from");
    let forward = forward("memory.copy", &advance("$from"));
    let repeat = repeat();
    format!(
        "(br_if $last {outside})
        (if (i32.gt_u (local.get $to) (local.get $from))
          (then
            (loop $parts
              (local.set $length (i32.sub (local.get $length) (i32.const {MAX_PART})))
              (memory.copy
                (i32.add (local.get $to) (local.get $length))
                (i32.add (local.get $from) (local.get $length))
                (i32.const {MAX_PART}))
              {repeat}))
          (else {forward}))"
    )
}

/// An instruction of length zero at the end of the range traps if the segment is shorter, or was
/// dropped. An end that overflows is outside of each segment.
fn init(instruction: &str) -> String {
    let forward = forward(instruction, &advance("$from"));
    let end = "(i32.add (local.get $from) (local.get $length))";
    format!(
        "(br_if $last (i32.lt_u {end} (local.get $length)))
        ({instruction} (local.get $to) {end} (i32.const 0))
        {forward}"
    )
}

/// Writes all parts except the last one, from the start.
fn forward(instruction: &str, advance_source: &str) -> String {
    let (advance_target, repeat) = (advance("$to"), repeat());
    format!(
        "(loop $parts
          ({instruction} (local.get $to) (local.get $from) (i32.const {MAX_PART}))
          {advance_target}
          {advance_source}
          (local.set $length (i32.sub (local.get $length) (i32.const {MAX_PART})))
          {repeat})"
    )
}

/// Begins the next round of a loop if more than one part remains.
fn repeat() -> String {
    format!("(br_if $parts (i32.gt_u (local.get $length) (i32.const {MAX_PART})))")
}

/// Adds the size of a part to a local.
fn advance(local: &str) -> String {
    format!("(local.set {local} (i32.add (local.get {local}) (i32.const {MAX_PART})))")
}

/// Whether a range that begins at a local ends outside of the memory. The sum has 64 bits.
fn is_outside(begin: &str) -> String {
    format!(
        "(i64.gt_u
          (i64.add (i64.extend_i32_u (local.get {begin})) (i64.extend_i32_u (local.get $length)))
          (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))"
    )
}
