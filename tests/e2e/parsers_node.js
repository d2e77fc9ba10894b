// SPDX-License-Identifier: MIT
// What npm's mailparser reads in mails: one JSON object for each file named, for parsers_test.py.
const crypto = require('crypto'), fs = require('fs');
const { simpleParser } = require(process.argv[2] + '/node_modules/mailparser');
const boxes = list => (list ? list.value : []).map(one => [one.name, one.address]);

(async () => {
  for (const file of process.argv.slice(3)) {
    const mail = await simpleParser(fs.readFileSync(file), { keepCidLinks: true, skipHtmlToText: true, skipTextToHtml: true, skipTextLinks: true });
    console.log(JSON.stringify({
      subject: mail.subject, from: boxes(mail.from), to: boxes(mail.to), text: mail.text, html: mail.html || null,
      files: mail.attachments.map(one => ({ name: one.filename, type: one.contentType, cid: one.cid,
        hash: crypto.createHash('sha256').update(one.content).digest('hex') })),
    }));
  }
})();
