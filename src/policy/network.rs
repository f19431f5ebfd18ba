//! Address blocks with exceptions.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// An address block with exceptions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    /// The block.
    pub cidr: IpNet,
    /// What is left out of it; each strictly inside.
    pub except: Vec<IpNet>,
}

impl Network {
    /// Private and unique-local addresses.
    pub fn private() -> [Self; 4] {
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"].map(|text| Self {
            cidr: text.parse().unwrap_or_default(),
            except: Vec::new(),
        })
    }

    /// All addresses except private, unique-local and link-local ones: what is taken for outside the cluster where an
    /// address alone tells.
    pub fn outside() -> [Self; 2] {
        let v4 = |a, b, length| Ipv4Net::new_assert([a, b, 0, 0].into(), length).into();
        let v6 = |first, length| Ipv6Net::new_assert([first, 0, 0, 0, 0, 0, 0, 0].into(), length);
        [
            Self {
                cidr: Ipv4Net::default().into(),
                except: vec![
                    v4(10, 0, 8),
                    v4(172, 16, 12),
                    v4(192, 168, 16),
                    v4(169, 254, 16),
                ],
            },
            Self {
                cidr: Ipv6Net::default().into(),
                except: vec![v6(0xfc00, 7).into(), v6(0xfe80, 10).into()],
            },
        ]
    }

    /// Whether it is every address of its family.
    pub fn is_whole_family(&self) -> bool {
        self.cidr.prefix_len() == 0 && self.except.is_empty()
    }

    /// The block as API servers accept it: no host bits, exceptions strictly inside. Err: why there is
    /// no such form.
    pub fn canonical(&self) -> Result<Self, String> {
        let cidr = self.cidr.trunc();
        let mut except: Vec<IpNet> = Vec::new();
        for hole in self.except.iter().map(IpNet::trunc) {
            if hole.contains(&cidr) {
                return Err(format!("the exception `{hole}` covers the whole block"));
            }
            if cidr.contains(&hole) && !except.contains(&hole) {
                except.push(hole);
            }
        }
        for net in except.iter().chain([&cidr]) {
            if is_mapped(net) {
                return Err(format!(
                    "`{net}` is an IPv4-mapped IPv6 address, which the API server rejects"
                ));
            }
        }
        Ok(Self { cidr, except })
    }
}

fn is_mapped(net: &IpNet) -> bool {
    match net {
        IpNet::V6(net) => net.addr().to_ipv4_mapped().is_some(),
        IpNet::V4(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_excludes_private_and_link_local_addresses() {
        let texts = Network::outside().map(|network| {
            let except: Vec<String> = network.except.iter().map(ToString::to_string).collect();
            format!("{} except {}", network.cidr, except.join(", "))
        });
        assert_eq!(
            texts,
            [
                "0.0.0.0/0 except 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16",
                "::/0 except fc00::/7, fe80::/10",
            ]
        );
    }
}
