//! Networks: an address and how many of its leading bits count.

use std::fmt;
use std::net::IpAddr;

/// A network such as `10.0.0.0/8`. Bits of the address behind the prefix may be set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cidr {
    pub address: IpAddr,
    pub prefix: u8,
}

impl Cidr {
    /// Reads an address, a slash and a number of bits without leading zeros.
    pub fn parse(text: &str) -> Option<Cidr> {
        let (address, prefix) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let well_written = prefix.bytes().all(|byte| byte.is_ascii_digit())
            && !prefix.is_empty()
            && (prefix.len() == 1 || !prefix.starts_with('0'));
        let prefix: u8 = if well_written { prefix.parse().ok()? } else { return None };
        (prefix <= bits_of(address)).then_some(Cidr { address, prefix })
    }

    /// Whether the address lies in the network. Addresses of the other family do not.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix);
                (network.to_bits() ^ address.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.prefix);
                (network.to_bits() ^ address.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    /// Whether all of `inner` lies in this network.
    pub fn contains_network(self, inner: Cidr) -> bool {
        self.prefix <= inner.prefix && self.contains(inner.address)
    }
}

fn bits_of(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn membership() {
        let table = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("10.1.2.3/32", "10.1.2.3", true),
            ("10.1.2.3/32", "10.1.2.4", false),
            ("10.1.2.3/8", "10.9.9.9", true),
            ("::/0", "8.8.8.8", false),
            ("::/0", "::1", true),
            ("2001:db8::/32", "2001:db8:1::", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("::1/128", "::1", true),
        ];
        for (network, address, expected) in table {
            let network = Cidr::parse(network).unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{network} {address}");
        }
        for (outer, inner, expected) in [
            ("10.0.0.0/8", "10.1.0.0/16", true),
            ("10.1.0.0/16", "10.0.0.0/8", false),
            ("10.0.0.0/8", "10.0.0.0/8", true),
            ("10.0.0.0/8", "::/0", false),
        ] {
            assert_eq!(Cidr::parse(outer).unwrap().contains_network(Cidr::parse(inner).unwrap()), expected);
        }
    }

    #[test]
    fn only_networks_are_read() {
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0/8",
            "::/129",
            "010.0.0.0/8",
            "a/8",
        ] {
            assert_eq!(Cidr::parse(text), None, "{text}");
        }
    }
}
