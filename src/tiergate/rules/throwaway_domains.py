"""The domains of the best known services for throw-away mail.

Services come and go: what is missing here costs a trial at most, and an address that lasts is never refused
because of a neighbour. Only the services' own domains stand here, no general mail provider's.
"""

_BY_NAME = """
0-mail.com 0815.ru 10mail.org 10minutemail.co.uk 10minutemail.com 10minutemail.de 10minutemail.net
10minutesmail.com 20minutemail.com 20minutemail.it 2prong.com 30minutemail.com 4warding.com 60minutemail.com
anonbox.net anonymbox.com antispam.de armyspy.com azmeil.tk beefmilk.com binkmail.com bobmail.info
bofthew.com bouncr.com breakthru.com brefmail.com bugmenot.com bumpymail.com burnermail.io byom.de
chammy.info chogmail.com clrmail.com cool.fr.nf courriel.fr.nf cuvox.de dacoolest.com dayrep.com
deadaddress.com deadspam.com despam.it devnullmail.com discard.email discardmail.com discardmail.de
dispomail.eu disposableaddress.com disposeamail.com disposemail.com dispostable.com dodgeit.com dodgit.com
dontreg.com dontsendmespam.de drdrb.com dropmail.me dump-email.info dumpandjunk.com dumpmail.de
easytrashmail.com einrot.com email-fake.com email60.com emailfake.com emailias.com emailigo.de
emailinfive.com emailondeck.com emailsensei.com emailtemporanea.com emailtemporar.ro emailtemporario.com.br
emailwarden.com emltmp.com ephemail.net explodemail.com eyepaste.com fakeinbox.com fakemail.fr fakemail.net
fakemailgenerator.com fakemailz.com fastacura.com filzmail.com fleckens.hu frapmail.com get1mail.com
get2mail.fr getairmail.com getnada.com getonemail.com ghosttexter.de grr.la guerillamail.com
guerrillamail.biz guerrillamail.com guerrillamail.de guerrillamail.info guerrillamail.net guerrillamail.org
guerrillamailblock.com gustr.com haltospam.com harakirimail.com hidemail.de hochsitze.com hulapla.de
ieatspam.eu ieatspam.info ihateyoualot.info imails.info inboxalias.com inboxbear.com inboxclean.com
inboxkitten.com incognitomail.com incognitomail.org insorg-mail.info instant-mail.de ipoo.org irish2me.com
jetable.com jetable.fr.nf jetable.net jetable.org jnxjn.com jourrapide.com kasmail.com keepmymail.com
killmail.com killmail.net klassmaster.com klzlk.com kurzepost.de letthemeatspam.com lhsdv.com lifebyfood.com
lookugly.com lortemail.dk luxusmail.org mail-temp.com mail-temporaire.fr mail4trash.com mail7.io
mailcatch.com maildrop.cc maileater.com mailexpire.com mailforspam.com mailfreeonline.com mailguard.me
mailimate.com mailin8r.com mailinater.com mailinator.com mailinator.net mailinator2.com mailincubator.com
mailme.lv mailmetrash.com mailmoat.com mailnator.com mailnesia.com mailnull.com mailpoof.com mailsac.com
mailshell.com mailsiphon.com mailslite.com mailtemp.info mailtothis.com mailzilla.com mailzilla.org
meltmail.com mierdamail.com mintemail.com moakt.com moburl.com mohmal.com moncourrier.fr.nf monemail.fr.nf
monmail.fr.nf mt2015.com mvrht.com my10minutemail.com mytemp.email mytempemail.com mytrashmail.com nepwk.com
nervmich.net nervtmich.net nobulk.com noclickemail.com nogmailspam.info nomail.xl.cx nomail2me.com
nospam.ze.tc nospam4.us nospamfor.us notmailinator.com nowmymail.com nwytg.com objectmail.com obobbo.com
oneoffemail.com onewaymail.com owlpic.com pjjkp.com plexolan.de pookmail.com proxymail.eu prtnx.com put2.net
quickinbox.com rcpt.at recode.me regbypass.com rejectmail.com rhyta.com rmqkr.net rppkn.com rtrtr.com
s0ny.net safersignup.de safetymail.info sendspamhere.com sharklasers.com shieldedmail.com shieldemail.com
shiftmail.com shortmail.net sibmail.com skeefmail.com slopsbox.com smellfear.com snakemail.com
sofort-mail.de sogetthis.com soodonims.com spam.la spam4.me spamavert.com spambob.com spambob.net
spambog.com spambog.de spambog.ru spambox.info spambox.us spamcannon.com spamcero.com spamcorptastic.com
spamcowboy.com spamday.com spamex.com spamfree24.com spamfree24.de spamfree24.org spamherelots.com
spamhereplease.com spamhole.com spamify.com spaml.com spaml.de spammotel.com spamobox.com spamspot.com
spamthis.co.uk spamthisplease.com spamtrail.com superrito.com suremail.info teewars.org teleworm.com
teleworm.us temp-mail.io temp-mail.org temp-mail.ru tempail.com tempalias.com tempe-mail.com tempemail.biz
tempemail.co.za tempemail.com tempemail.net tempinbox.co.uk tempinbox.com tempmail.dev tempmail.it
tempmail.net tempmail2.com tempmailaddress.com tempmailer.com tempmailer.de tempmailo.com tempomail.fr
temporarily.de temporarioemail.com.br temporaryemail.net temporaryforwarding.com temporaryinbox.com
tempr.email tempthe.net thanksnospam.info thankyou2010.com throwam.com throwawayemailaddress.com
throwawaymail.com tilien.com tmail.ws tmailinator.com tmpmail.net tmpmail.org tradermail.info trash-amil.com
trash-mail.at trash-mail.com trash-mail.de trash2009.com trashdevil.com trashdevil.de trashemail.de
trashmail.at trashmail.com trashmail.de trashmail.me trashmail.net trashmail.org trashmail.ws
trashmailer.com trashymail.com trashymail.net trbvm.com turual.com twinmail.de tyldd.com uggsrock.com
veryrealemail.com viditag.com viralplays.com wegwerfadresse.de wegwerfemail.de wegwerfmail.de
wegwerfmail.net wegwerfmail.org wetrainbayarea.com wh4f.org whyspam.me willhackforfood.biz
willselfdestruct.com winemaven.info wronghead.com wuzup.net xagloo.com xemaps.com xents.com xmaily.com
xoxy.net yep.it yogamaven.com yopmail.com yopmail.fr yopmail.net yuurok.com zehnminutenmail.de
zippymail.info zoemail.net zoemail.org
"""

THROWAWAY_DOMAINS = frozenset(_BY_NAME.split())
