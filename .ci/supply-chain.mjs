#!/usr/bin/env node
// Licences and bill of materials of everything the three services ship, and whether any of it, or the runtime, is known to be unsafe.
//
//   .ci/supply-chain             writes artifacts/supply-chain/licences.md and sbom.cdx.json; fails on known vulnerabilities and licences nobody has looked at
//   .ci/supply-chain --strict    also fails when the package source knows nothing about vulnerabilities, and on a runtime behind its security updates
import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const strict = process.argv.includes("--strict");
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const shipped = ["AiHub.Gateway", "AiHub.Worker", "AiHub.Portal"];
const output = join(root, "artifacts", "supply-chain");

// Permissive licences, which ask for no more than to be named. Anything else somebody has to look at and add here.
const accepted = new Set(["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "PostgreSQL", "MS-PL", "ISC", "0BSD", "Zlib"]);
// Packages that name a file or an address instead of an SPDX expression, and what that says.
const lookedUp = new Map([]);

// .NET 10 is supported until this day; this is the oldest patch without a known hole.
const runtime = { major: 10, patch: 13, supportedUntil: "2028-11-14" };

const problems = [];
const warnings = [];
const run = (program, ...args) => execFileSync(program, args, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 });

const packages = new Map();
for (const project of shipped) {
  const assets = join(root, project, "obj", "project.assets.json");
  if (!existsSync(assets)) run("dotnet", "restore", project);
  const { libraries, packageFolders } = JSON.parse(readFileSync(assets, "utf8"));
  for (const [id, library] of Object.entries(libraries)) {
    if (library.type !== "package") continue;
    const [name, version] = id.split("/");
    const folder = Object.keys(packageFolders).map(folder => join(folder, library.path)).find(existsSync) ?? join(homedir(), ".nuget", "packages", library.path);
    const entry = packages.get(id) ?? { name, version, folder, sha512: library.sha512, usedBy: [] };
    entry.usedBy.push(project);
    packages.set(id, entry);
  }
}

for (const entry of packages.values()) {
  const nuspec = join(entry.folder, `${entry.name.toLowerCase()}.nuspec`);
  const text = existsSync(nuspec) ? readFileSync(nuspec, "utf8") : "";
  const expression = text.match(/<license type="expression">([^<]+)</)?.[1];
  const file = text.match(/<license type="file">([^<]+)</)?.[1];
  const url = text.match(/<licenseUrl>([^<]+)</)?.[1];
  entry.authors = text.match(/<authors>([^<]+)</)?.[1] ?? "";
  entry.licence = expression ?? lookedUp.get(entry.name) ?? (file ? fromFile(join(entry.folder, file)) : fromUrl(url)) ?? "unknown";
  if (!entry.licence.split(/ (?:OR|AND) /).some(each => accepted.has(each.replace(/[()]/g, "")))) {
    problems.push(`${entry.name} ${entry.version}: the licence "${entry.licence}" has to be looked at (${file ?? url ?? "no licence named"})`);
  }
}

function fromFile(path) {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  return /\bMIT License\b|Permission is hereby granted, free of charge/i.test(text) ? "MIT"
    : /Apache License,?\s+Version 2\.0/i.test(text) ? "Apache-2.0"
    : /Redistribution and use in source and binary forms/i.test(text) ? "BSD-3-Clause"
    : undefined;
}

function fromUrl(url = "") {
  return /licenses\.nuget\.org\/([A-Za-z0-9.-]+)/.exec(url)?.[1]
    ?? (/apache\.org\/licenses\/LICENSE-2\.0/.test(url) ? "Apache-2.0" : /opensource\.org\/licenses\/MIT|go\.microsoft\.com\/fwlink\/\?LinkId=329770|github\.com\/dotnet\/.*LICENSE/i.test(url) ? "MIT" : undefined);
}

const sorted = [...packages.values()].sort((a, b) => a.name.localeCompare(b.name));
mkdirSync(output, { recursive: true });
writeFileSync(join(output, "licences.md"), [
  "# Licences of what AI Hub ships", "",
  "| Package | Version | Licence | Authors | Used by |", "|---|---|---|---|---|",
  ...sorted.map(each => `| ${each.name} | ${each.version} | ${each.licence} | ${each.authors.replaceAll("|", "/")} | ${each.usedBy.map(name => name.replace("AiHub.", "")).join(", ")} |`), "",
].join("\n"));
writeFileSync(join(output, "sbom.cdx.json"), JSON.stringify({
  bomFormat: "CycloneDX", specVersion: "1.6", serialNumber: `urn:uuid:${randomUUID()}`, version: 1,
  metadata: { component: { type: "application", name: "AI Hub", "bom-ref": "ai-hub" } },
  components: sorted.map(each => ({
    type: "library", name: each.name, version: each.version, purl: `pkg:nuget/${each.name}@${each.version}`, "bom-ref": `pkg:nuget/${each.name}@${each.version}`,
    licenses: [accepted.has(each.licence) ? { license: { id: each.licence } } : { license: { name: each.licence } }],
    hashes: each.sha512 ? [{ alg: "SHA-512", content: Buffer.from(each.sha512, "base64").toString("hex") }] : [],
  })),
}, null, 1));

let audited = 0;
try {
  // Whether the sources know of vulnerabilities at all: without that "none" means nothing.
  const probe = run("dotnet", "restore", "AiHub.Contracts", "--force", "-p:NuGetAudit=true", "-p:NuGetAuditMode=all", "-p:NuGetAuditLevel=low", "-p:TreatWarningsAsErrors=false");
  const unknown = /NU1905/.test(probe) || !sourcesKnow();
  for (const project of shipped) {
    const report = JSON.parse(run("dotnet", "list", project, "package", "--vulnerable", "--include-transitive", "--format", "json"));
    for (const found of report.projects ?? []) {
      for (const framework of found.frameworks ?? []) {
        for (const each of [...(framework.topLevelPackages ?? []), ...(framework.transitivePackages ?? [])]) {
          for (const hole of each.vulnerabilities ?? []) problems.push(`${each.id} ${each.resolvedVersion}: ${hole.severity} ${hole.advisoryurl}`);
        }
      }
    }
    audited++;
  }
  if (unknown) (strict ? problems : warnings).push("the package source offers no data on vulnerabilities, so that none were found means nothing");
} catch (failure) {
  (strict ? problems : warnings).push(`the packages could not be audited (${audited} of ${shipped.length} projects): ${String(failure.stderr || failure.message).trim().split("\n")[0]}`);
}

function sourcesKnow() {
  // NuGet's own service index names the resource; other sources may or may not have it.
  try {
    const sources = run("dotnet", "nuget", "list", "source", "--format", "short").split("\n").filter(line => /^E /.test(line)).map(line => line.slice(2).trim());
    return sources.some(source => source.startsWith("http") && execFileSync("curl", ["--silent", "--fail", "--max-time", "20", source], { encoding: "utf8" }).includes("VulnerabilityInfo"));
  } catch {
    return false;
  }
}

const newest = run("dotnet", "--list-runtimes").split("\n").map(line => /^Microsoft\.AspNetCore\.App (\d+)\.(\d+)\.(\d+)/.exec(line)).filter(Boolean)
  .filter(match => Number(match[1]) === runtime.major).map(match => Number(match[3])).sort((a, b) => b - a)[0] ?? -1;
if (newest < runtime.patch) {
  (strict ? problems : warnings).push(`the newest ASP.NET Core runtime here is ${runtime.major}.0.${newest}; ${runtime.major}.0.${runtime.patch} closes known holes`);
}
if (new Date().toISOString().slice(0, 10) > runtime.supportedUntil) {
  problems.push(`.NET ${runtime.major} has been out of support since ${runtime.supportedUntil}`);
}

const digest = createHash("sha256").update(sorted.map(each => `${each.name}/${each.version}`).join("\n")).digest("hex").slice(0, 12);
console.log(`${sorted.length} packages (${digest}), written to artifacts/supply-chain`);
for (const warning of warnings) console.log(`warning: ${warning}`);
for (const problem of problems) console.error(`problem: ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
