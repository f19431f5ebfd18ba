//! Address blocks with exceptions.

use ipnet::IpNet;

/// An address block with exceptions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    /// The block.
    pub cidr: IpNet,
    /// What is left out of it; each strictly inside.
    pub except: Vec<IpNet>,
}

impl Network {
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
