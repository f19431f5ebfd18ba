//! Tables that people write or convert: `source,destination,protocol,port[,count,first,last,verdict]`, in any order, with a
//! header. Ends are in the words of answers.

use super::connection::{Key, Sums};
use super::record::{Protocol, Verdict};
use super::reference::Reference;
use super::time;

/// The columns of a table, from its header.
#[derive(Debug, Default)]
pub struct Columns(Vec<String>);

impl Columns {
    /// Reads a header.
    pub fn of(header: &str) -> Self {
        Self(
            fields(header)
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .collect(),
        )
    }

    /// Reads a row; none if it is no connection.
    pub fn row(&self, row: &str) -> Option<(Key, Sums)> {
        let fields = fields(row);
        let field = |name: &str| {
            let at = self.0.iter().position(|column| column == name)?;
            fields
                .get(at)
                .map(String::as_str)
                .filter(|text| !text.is_empty())
        };
        let port = |text: &str| text.parse::<u16>().ok();
        let key = Key {
            source: Reference::from_words(field("source")?)?,
            destination: Reference::from_words(field("destination")?)?,
            protocol: Protocol::named(field("protocol")?)?,
            port: field("port").map_or(Some(None), |text| port(text).map(Some))?,
            icmp: None,
        };
        let mut sums = Sums::default();
        let count = field("count").map_or(Some(1), |count| count.parse().ok())?;
        let verdict = match field("verdict")
            .unwrap_or("forwarded")
            .to_ascii_lowercase()
            .as_str()
        {
            "forwarded" | "allow" | "allowed" => Verdict::Forwarded,
            "audited" | "audit" => Verdict::Audited,
            "dropped" | "deny" | "denied" => Verdict::Dropped,
            _ => return None,
        };
        sums.add(verdict, count);
        sums.uncounted = (count == 0).then_some(verdict);
        for name in ["first", "last"] {
            if let Some(text) = field(name) {
                sums.seen(time::parse(text)?);
            }
        }
        if let Some(first) = sums.first {
            sums.over_time.add(first, verdict, count);
        }
        Some((key, sums))
    }
}

/// The fields of a row; those in quotes may contain commas.
fn fields(row: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in row.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => {
                if let Some(field) = fields.last_mut() {
                    field.push(c);
                }
            }
        }
    }
    fields.iter().map(|field| field.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_connections() {
        let columns = Columns::of("source,destination,protocol,port,count,first,last,verdict");
        let row = "shop/web,data/db,TCP,5432,3,2026-11-03T09:00:00Z,2026-11-03T10:00:00Z,dropped";
        let (key, sums) = columns.row(row).unwrap();
        assert_eq!(
            (key.source.to_string(), key.port),
            ("shop/web".to_owned(), Some(5432))
        );
        assert_eq!((sums.dropped, sums.forwarded), (3, 0));
        assert!(sums.first < sums.last);
        for wrong in [
            "",
            "shop/web",
            "shop/web,data/db,TCP,x",
            "web,db,TCP,80",
            "a/b,c/d,QUIC,80",
        ] {
            assert!(columns.row(wrong).is_none(), "{wrong}");
        }
    }
}
