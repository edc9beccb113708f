use proptest::prelude::*;
use prost::Message as _;
use prost_types::{ListValue, Value};

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
    assert_eq!(check::<Numbers>(&single), Err(Exhausted));
    let mut packed = vec![0x0a];
    prost::encoding::encode_varint((4 << 20) + 1, &mut packed);
    packed.extend(vec![1; (4 << 20) + 1]);
    assert_eq!(check::<Numbers>(&packed), Err(Exhausted));
    // The same bytes in a field that the message does not have take nothing.
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
