use std::net::{IpAddr, Ipv6Addr};

/// The bits of an IPv6 address that name the interface inside a subscriber's network.
const INTERFACE_BITS: u32 = 64;

/// Returns the network that a per-IP limit counts as one client.
///
/// That is the whole IPv4 address, or the /64 of an IPv6 address. One subscriber usually owns a /64
/// and can use any address in it. An IPv4 address written as IPv6 counts as IPv4.
///
/// ```
/// use seaworthy_core::network_of;
///
/// let first = network_of("2001:db8::1".parse()?);
/// assert_eq!(first, network_of("2001:db8::ffff:2".parse()?));
/// assert_ne!(first, network_of("2001:db8:0:1::1".parse()?));
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn network_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => {
            let network = ip.to_bits() >> INTERFACE_BITS << INTERFACE_BITS;
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ipv6_addresses_of_one_64_share_a_network_sec_3(bits in any::<u128>(), other in any::<u64>()) {
            let ip = Ipv6Addr::from_bits(bits);
            prop_assume!(ip.to_ipv4_mapped().is_none());
            let neighbor = Ipv6Addr::from_bits(bits >> 64 << 64 | u128::from(other));
            prop_assume!(neighbor.to_ipv4_mapped().is_none());
            prop_assert_eq!(network_of(ip.into()), network_of(neighbor.into()));
            let outside = Ipv6Addr::from_bits(bits ^ 1 << 64);
            prop_assert_ne!(network_of(ip.into()), network_of(outside.into()));
        }

        #[test]
        fn ipv4_addresses_are_counted_one_by_one_sec_3(bits in any::<u32>()) {
            let ip = Ipv4Addr::from_bits(bits);
            prop_assert_eq!(network_of(ip.into()), IpAddr::V4(ip));
            prop_assert_eq!(network_of(ip.to_ipv6_mapped().into()), IpAddr::V4(ip));
        }
    }
}
