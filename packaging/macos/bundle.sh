#!/bin/sh
# Builds Drawbridge.app for both processors, and a disk image of it, into target/macos. Run on macOS.
# SIGN_AS: the identity to sign with ("Developer ID Application: ..."); without it the signature is ad hoc.
set -eu
cd "$(dirname "$0")/../.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
out=target/macos
app=$out/Drawbridge.app
rm -rf "$out"
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources"

export MACOSX_DEPLOYMENT_TARGET=11.0
for target in aarch64-apple-darwin x86_64-apple-darwin; do
    rustup target add "$target"
    cargo build --locked --release --target "$target"
done
lipo -create -output "$app/Contents/MacOS/drawbridge" \
    target/aarch64-apple-darwin/release/drawbridge target/x86_64-apple-darwin/release/drawbridge

sed "s/@VERSION@/$version/" packaging/macos/Info.plist > "$app/Contents/Info.plist"
plutil -lint "$app/Contents/Info.plist"

iconset=$out/Drawbridge.iconset
mkdir "$iconset"
for size in 16 32 128 256 512; do
    cp "assets/icon/icon-$size.png" "$iconset/icon_${size}x${size}.png"
done
cp assets/icon/icon-32.png "$iconset/icon_16x16@2x.png"
cp assets/icon/icon-64.png "$iconset/icon_32x32@2x.png"
cp assets/icon/icon-256.png "$iconset/icon_128x128@2x.png"
cp assets/icon/icon-512.png "$iconset/icon_256x256@2x.png"
iconutil --convert icns --output "$app/Contents/Resources/Drawbridge.icns" "$iconset"
cp LICENSE-MIT LICENSE-APACHE "$app/Contents/Resources/"

codesign --force --options runtime --sign "${SIGN_AS:--}" "$app"
codesign --verify --strict "$app"

image=$out/image
mkdir "$image"
cp -R "$app" "$image/"
ln -s /Applications "$image/Applications"
hdiutil create -volname Drawbridge -srcfolder "$image" -ov -format UDZO "$out/Drawbridge-$version.dmg"
echo "wrote $out/Drawbridge-$version.dmg"
