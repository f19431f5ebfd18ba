; The installer for Windows, by Inno Setup 6. Run on Windows, in the folder of the repository:
;   cargo build --locked --release
;   iscc /DVersion=0.1.0 packaging\windows\drawbridge.iss

#ifndef Version
  #error Give the version: iscc /DVersion=0.1.0 packaging\windows\drawbridge.iss
#endif

[Setup]
AppId={{6D0B2C5E-3A5C-4B57-9B1D-5B0E5A1F7C42}
AppName=Drawbridge
AppVersion={#Version}
AppPublisher=The Drawbridge contributors
DefaultDirName={autopf}\Drawbridge
DefaultGroupName=Drawbridge
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
LicenseFile=..\..\LICENSE-MIT
SetupIconFile=..\..\assets\icon\drawbridge.ico
UninstallDisplayIcon={app}\drawbridge.ico
OutputDir=..\..\target\windows
OutputBaseFilename=Drawbridge-{#Version}-x64
Compression=lzma2
SolidCompression=yes
ChangesEnvironment=yes
WizardStyle=modern

[Tasks]
Name: path; Description: "Add drawbridge to PATH, for the command line"

[Files]
Source: "..\..\target\release\drawbridge.exe"; DestDir: "{app}"; Flags: ignoreversion
Source: "..\..\assets\icon\drawbridge.ico"; DestDir: "{app}"
Source: "..\..\assets\examples\*.drawbridge.yaml"; DestDir: "{app}\examples"
Source: "..\..\README.md"; DestDir: "{app}"
Source: "..\..\CHANGELOG.md"; DestDir: "{app}"
Source: "..\..\LICENSE-MIT"; DestDir: "{app}"
Source: "..\..\LICENSE-APACHE"; DestDir: "{app}"

[Icons]
Name: "{autoprograms}\Drawbridge"; Filename: "{app}\drawbridge.exe"; IconFilename: "{app}\drawbridge.ico"

[Run]
Filename: "{app}\drawbridge.exe"; Description: "Open Drawbridge"; Flags: nowait postinstall skipifsilent

[Code]
const
  UserKey = 'Environment';
  MachineKey = 'SYSTEM\CurrentControlSet\Control\Session Manager\Environment';

procedure EnvironmentOf(var Root: Integer; var Key: string);
begin
  if IsAdminInstallMode then
  begin
    Root := HKEY_LOCAL_MACHINE;
    Key := MachineKey;
  end
  else
  begin
    Root := HKEY_CURRENT_USER;
    Key := UserKey;
  end;
end;

procedure AddToPath;
var
  Root: Integer;
  Key, Path: string;
begin
  EnvironmentOf(Root, Key);
  if not RegQueryStringValue(Root, Key, 'Path', Path) then
    Path := '';
  if Pos(';' + Uppercase(ExpandConstant('{app}')) + ';', ';' + Uppercase(Path) + ';') > 0 then
    exit;
  if (Path <> '') and (Path[Length(Path)] <> ';') then
    Path := Path + ';';
  RegWriteExpandStringValue(Root, Key, 'Path', Path + ExpandConstant('{app}'));
end;

procedure RemoveFromPath;
var
  Root, At: Integer;
  Key, Path, Folder: string;
begin
  EnvironmentOf(Root, Key);
  if not RegQueryStringValue(Root, Key, 'Path', Path) then
    exit;
  Folder := ExpandConstant('{app}');
  At := Pos(';' + Uppercase(Folder) + ';', ';' + Uppercase(Path) + ';');
  if At = 0 then
    exit;
  Delete(Path, At, Length(Folder) + 1);
  if (Path <> '') and (Path[Length(Path)] = ';') then
    Delete(Path, Length(Path), 1);
  RegWriteExpandStringValue(Root, Key, 'Path', Path);
end;

procedure CurStepChanged(CurStep: TSetupStep);
begin
  if (CurStep = ssPostInstall) and WizardIsTaskSelected('path') then
    AddToPath;
end;

procedure CurUninstallStepChanged(CurUninstallStep: TUninstallStep);
begin
  if CurUninstallStep = usPostUninstall then
    RemoveFromPath;
end;
