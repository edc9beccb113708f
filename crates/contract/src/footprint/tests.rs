use std::sync::{
    Arc, Weak,
    atomic::{AtomicU64, Ordering},
};

use proptest::prelude::*;
use prost::Message as _;
use prost_types::{ListValue, Value};
use seaworthy_core::{Code, RequestContext, RequestMemory, ServiceIdentity, context};

use super::{Budget, Exhausted, Packed, WireField, WireMessage, check};

/// A list of numbers as field 1.
struct Numbers;

impl WireMessage for Numbers {
    fn wire_field(number: u32) -> WireField {
        match number {
            1 => WireField::numbers::<u64>(Packed::Varint),
            _ => WireField::PLAIN,
        }
    }
}

#[test]
fn passes_bytes_that_nest_too_deeply_api_3() {
    let deep = (0..5_000).fold(Vec::new(), |inner: Vec<u8>, _| {
        let mut list = vec![0x0a];
        prost::encoding::encode_varint(inner.len() as u64, &mut list);
        list.extend(inner);
        let mut value = vec![0x32];
        prost::encoding::encode_varint(list.len() as u64, &mut value);
        value.extend(list);
        value
    });
    assert_eq!(check::<Value>(&deep), Ok(()));
    assert!(Value::decode(deep.as_slice()).is_err());
}

#[test]
fn counts_numbers_in_every_form_api_3() {
    let single = [0x08, 0x01].repeat((4 << 20) + 1);
    assert_eq!(check::<Numbers>(&single), Err(Exhausted::TooManyValues));
    let mut packed = vec![0x0a];
    prost::encoding::encode_varint((4 << 20) + 1, &mut packed);
    packed.extend(vec![1; (4 << 20) + 1]);
    assert_eq!(check::<Numbers>(&packed), Err(Exhausted::TooManyValues));
    // The same bytes in a field that the message does not have need no memory.
    packed[0] = 0x12;
    assert_eq!(check::<Numbers>(&packed), Ok(()));
    assert_eq!(Packed::Fixed32.count(&[0; 12]), 3);
    assert_eq!(Packed::Fixed64.count(&[0; 16]), 2);
}

proptest! {
    #[test]
    fn lists_take_the_capacity_that_they_have_api_3(count in 0..3_000_usize) {
        let mut list = Vec::new();
        let mut budget = Budget::of_length(0);
        for index in 0..count {
            budget.take_element(index, size_of::<u64>()).unwrap();
            list.push(0_u64);
        }
        let taken = list.capacity() * size_of::<u64>();
        let mut expected = Budget::of_length(0);
        expected.take(taken).unwrap();
        prop_assert_eq!(format!("{budget:?}"), format!("{expected:?}"));
        let mut whole = Budget::of_length(0);
        whole.take_list(count, size_of::<u64>()).unwrap();
        prop_assert_eq!(format!("{budget:?}"), format!("{whole:?}"));
    }

    #[test]
    fn any_bytes_pass_or_exhaust_the_budget_api_3(bytes: Vec<u8>) {
        let _ = check::<Value>(&bytes);
        let _ = check::<ListValue>(&bytes);
    }
}

/// The memory of a process that has room for this many bytes.
struct Room(AtomicU64);

impl RequestMemory for Room {
    fn charge(&self, bytes: u64) -> bool {
        let left = self.0.load(Ordering::Relaxed).checked_sub(bytes);
        left.inspect(|left| self.0.store(*left, Ordering::Relaxed))
            .is_some()
    }
}

/// Runs `decode` in a request whose process has room for `room` bytes. Returns the bytes that it
/// charged.
fn charged(room: u64, decode: impl FnOnce()) -> u64 {
    let memory = Arc::new(Room(AtomicU64::new(room)));
    let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
    let weak: Weak<Room> = Arc::downgrade(&memory);
    request.set_memory(weak);
    context::sync_scope(Arc::new(request), decode);
    room - memory.0.load(Ordering::Relaxed)
}

#[test]
fn charges_decoded_values_to_memory_of_process_sec_3() {
    let numbers = [0x08, 0x01].repeat(100_000);
    let bytes = charged(1 << 30, || assert_eq!(check::<Numbers>(&numbers), Ok(())));
    let capacity = (100_000_usize.next_power_of_two() * size_of::<u64>()) as u64;
    assert!(
        (capacity - 64 * 1024..=capacity).contains(&bytes),
        "{bytes}"
    );
    let small = [0x08, 0x01].repeat(1_000);
    assert_eq!(
        charged(0, || assert_eq!(check::<Numbers>(&small), Ok(()))),
        0
    );
}

#[test]
fn rejects_requests_beyond_memory_of_process_sec_3() {
    let numbers = [0x08, 0x01].repeat(100_000);
    charged(100_000, || {
        assert_eq!(check::<Numbers>(&numbers), Err(Exhausted::Overloaded));
    });
    let error = seaworthy_core::Error::from(Exhausted::Overloaded);
    assert_eq!(
        (error.code(), error.reason()),
        (Code::Unavailable, "OVERLOADED")
    );
    assert!(error.retry_after().is_some());
}
