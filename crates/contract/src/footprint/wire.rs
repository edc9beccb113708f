use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::{Budget, Exhausted};

/// The maximum depth of the scan, beyond the 100 levels at which `prost` rejects messages.
const MAX_DEPTH: usize = 128;

/// The decoding costs of a message's fields in protobuf. The build-time compiler implements it for
/// every message.
pub trait WireMessage {
    /// Returns the cost of the field with a number.
    fn wire_field(_number: u32) -> WireField {
        WireField::PLAIN
    }
}

/// The decoding cost of one occurrence of a field.
#[derive(Debug, Clone, Copy)]
pub struct WireField {
    cost: Cost,
    /// The fields inside, if the field is a message.
    fields: Option<fn(u32) -> WireField>,
}

/// The encoding of a number in a packed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packed {
    /// One to ten bytes.
    Varint,
    /// Four bytes.
    Fixed32,
    /// Eight bytes.
    Fixed64,
}

/// Memory in bytes.
#[derive(Debug, Clone, Copy)]
enum Cost {
    /// At most the bytes of the field.
    Nothing,
    /// A value outside of the message's own memory.
    Boxed(usize),
    /// An element of a list.
    Element(usize),
    /// One number, or a packed list of them.
    Numbers(usize, Packed),
    /// An entry of a map.
    Entry(usize),
}

impl WireField {
    /// A field that takes no more memory than its bytes, such as a number or text.
    pub const PLAIN: Self = Self {
        cost: Cost::Nothing,
        fields: None,
    };

    /// A message that is stored inline in its parent.
    #[must_use]
    pub fn inline<M: WireMessage>() -> Self {
        Self::message::<M>(Cost::Nothing)
    }

    /// A message in a `Box`.
    #[must_use]
    pub fn boxed<M: WireMessage>() -> Self {
        Self::message::<M>(Cost::Boxed(size_of::<M>()))
    }

    /// A list of messages.
    #[must_use]
    pub fn messages<M: WireMessage>() -> Self {
        Self::message::<M>(Cost::Element(size_of::<M>()))
    }

    /// A list of text or bytes.
    #[must_use]
    pub fn texts() -> Self {
        Self {
            cost: Cost::Element(size_of::<String>()),
            fields: None,
        }
    }

    /// A list of numbers, which may be packed.
    #[must_use]
    pub fn numbers<N>(packed: Packed) -> Self {
        Self {
            cost: Cost::Numbers(size_of::<N>(), packed),
            fields: None,
        }
    }

    /// A map. An entry is a message with the key as field 1 and the value as field 2.
    #[must_use]
    pub fn map<K, V>(fields: fn(u32) -> Self) -> Self {
        Self {
            cost: Cost::Entry(size_of::<(K, V)>()),
            fields: Some(fields),
        }
    }

    fn message<M: WireMessage>(cost: Cost) -> Self {
        Self {
            cost,
            fields: Some(M::wire_field),
        }
    }
}

/// Charges the memory of decoding a message. Bytes that are not a valid message pass, because
/// `prost` rejects them.
pub(crate) fn check<M: WireMessage>(bytes: &[u8]) -> Result<(), Exhausted> {
    let mut budget = Budget::of_length(bytes.len());
    scan(bytes, M::wire_field, &mut budget, MAX_DEPTH)
}

fn scan(
    mut bytes: &[u8],
    fields: fn(u32) -> WireField,
    budget: &mut Budget,
    depth: usize,
) -> Result<(), Exhausted> {
    let Some(depth) = depth.checked_sub(1) else {
        return Ok(());
    };
    let mut run = Run::default();
    while !bytes.is_empty() {
        let Ok((number, wire_type)) = decode_key(&mut bytes) else {
            return Ok(());
        };
        let field = fields(number);
        if wire_type != WireType::LengthDelimited {
            if let Cost::Numbers(size, _) = field.cost {
                budget.take_element(run.next(number), size)?;
            }
            if skip_field(wire_type, number, &mut bytes, DecodeContext::default()).is_err() {
                return Ok(());
            }
            continue;
        }
        let Some((content, rest)) = decode_varint(&mut bytes)
            .ok()
            .and_then(|length| bytes.split_at_checked(usize::try_from(length).ok()?))
        else {
            return Ok(());
        };
        bytes = rest;
        match field.cost {
            Cost::Nothing => {}
            Cost::Boxed(size) => budget.take(size)?,
            Cost::Element(size) => budget.take_element(run.next(number), size)?,
            Cost::Numbers(size, packed) => budget.take_list(packed.count(content), size)?,
            Cost::Entry(size) => budget.take_entry(run.next(number), size)?,
        }
        if let Some(fields) = field.fields {
            scan(content, fields, budget, depth)?;
        }
    }
    Ok(())
}

impl Packed {
    /// Returns the number of numbers in a packed list.
    pub(super) fn count(self, content: &[u8]) -> usize {
        match self {
            // The last byte of each number has no continuation bit.
            Self::Varint => content.iter().filter(|byte| **byte < 0x80).count(),
            Self::Fixed32 => content.len() / size_of::<u32>(),
            Self::Fixed64 => content.len() / size_of::<u64>(),
        }
    }
}

/// Counts successive occurrences of one field. Encoders keep them together. If they are mixed, each
/// counts as the first one, which costs more.
#[derive(Debug, Default)]
struct Run {
    number: u32,
    count: usize,
}

impl Run {
    /// Returns the index of an occurrence of field `number` among those directly before it.
    fn next(&mut self, number: u32) -> usize {
        if self.number != number {
            *self = Self { number, count: 0 };
        }
        let index = self.count;
        self.count += 1;
        index
    }
}
